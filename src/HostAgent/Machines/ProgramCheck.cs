using JustRunIt.Events.Hosts;
using JustRunIt.Events.Naming;
using JustRunIt.HostAgent.Processes;
using JustRunIt.Hosting;

namespace JustRunIt.HostAgent.Machines;

/// <summary>
/// What a command says of a program, before anything of it reaches a path, an address, a URL, the kernel's rules or a command line.
/// </summary>
internal static class ProgramCheck
{
    private const EndpointKinds NextKinds = EndpointKinds.HostName | EndpointKinds.Unix;

    /// <summary>Refuses what cannot be meant.</summary>
    /// <exception cref="HostException">It is refused: field, value, what is allowed.</exception>
    public static void Check(VmProgram program)
    {
        Listen(program);
        Text("executable", program.Executable);
        if (program.Executable.Length == 0 || program.Executable[0] == '-')
            throw Refused("executable", program.Executable, "the path or name of a program");
        Absolute("workingDirectory", program.WorkingDirectory);
        foreach (var argument in program.Arguments)
            Text("arguments", argument);
        foreach (var (name, value) in program.Environment)
        {
            if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-'))
                throw Refused("environment", name, "a variable's name of letters, digits, '_', '.' and '-'");
            // Its value may be a secret: it is not repeated.
            if (value.Contains('\0', StringComparison.Ordinal))
                throw new HostException($"environment: the value of {name} holds a NUL; allowed is any other text");
        }

        if (program.Image is { } image)
            Absolute("image", image);
        if (program.HealthPath is { } path && (path is not ['/', ..] || path.Any(c => c is <= ' ' or > '~')))
            throw Refused("healthPath", path, "a path from '/' on, of ASCII characters without spaces");
        Next(program, program.Next);
    }

    /// <summary>Where it is to listen.</summary>
    /// <exception cref="HostException">That is no address.</exception>
    public static Endpoint Listen(VmProgram program) =>
        Endpoint.TryParse(program.Listen, EndpointKinds.HostName, out var listen)
            ? listen
            : throw Refused("listen", program.Listen, Endpoint.Allowed(EndpointKinds.HostName));

    /// <summary>
    /// Refuses what is neither an address nor a URL of the next tier, and a program that asks for the host or port of one that is not
    /// HOST:PORT.
    /// </summary>
    /// <param name="program">The program, which may have another next tier by itself.</param>
    /// <param name="next">The next tier; null for none.</param>
    /// <exception cref="HostException">It is neither, or has no host and port.</exception>
    public static void Next(VmProgram program, string? next)
    {
        if (next is null)
            return;
        if (Endpoint.TryParse(next, EndpointKinds.HostName, out var address))
        {
            if (address.IsOpen)
                throw Refused("next", next, "the address of one host");
            return;
        }

        if (program.Arguments.FirstOrDefault(AsksForHostOrPort) is { } argument)
            throw Refused("arguments", argument, $"'{{next}}' where next is '{Name.Shown(next)}', which is not HOST:PORT");
        // Its value may be a secret: it is not repeated.
        if (program.Environment.FirstOrDefault(variable => AsksForHostOrPort(variable.Value)).Key is { } name)
        {
            throw new HostException($"environment: the value of {name} asks for the host or port of '{Name.Shown(next)}'; allowed is "
                + "'{next}' where next is not HOST:PORT");
        }

        if (Endpoint.TryParse(next, NextKinds, out _))
            return;
        var isUrl = next.Contains("://", StringComparison.Ordinal) && next.All(c => c is > ' ' and <= '~' and not ('"' or '\'' or ';'))
            && Uri.TryCreate(next, UriKind.Absolute, out var url) && url.Host.Length > 0;
        if (!isUrl)
            throw Refused("next", next, $"{Endpoint.Allowed(NextKinds)}, or a URL");
    }

    private static bool AsksForHostOrPort(string text) =>
        text.Contains(Launcher.NextHost, StringComparison.Ordinal) || text.Contains(Launcher.NextPort, StringComparison.Ordinal);

    private static void Absolute(string field, string path)
    {
        Text(field, path);
        if (path is not ['/', ..] || path.Any(char.IsControl))
            throw Refused(field, path, "an absolute path");
    }

    private static void Text(string field, string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
            throw Refused(field, text, "text without NUL");
    }

    private static HostException Refused(string field, string value, string allowed) =>
        new($"{field}: '{Name.Shown(value)}'; allowed is {allowed}");
}
