using System.Diagnostics;
using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Files;
using JustRunIt.HostAgent.Machines;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Files;

namespace JustRunIt.HostAgent.Processes;

/// <summary>Starts programs that are in their control group before their first instruction, and outlive the agent.</summary>
internal static class Launcher
{
    private const string GroupsVariable = "JUSTRUNIT_GROUPS";
    private const string LogVariable = "JUSTRUNIT_LOG";
    private const string MaskVariable = "JUSTRUNIT_UMASK";
    private const string InputVariable = "JUSTRUNIT_INPUT";
    private const string OursAlone = "077";

    /// <summary>Where a program reads what only it is told.</summary>
    public const string InputFile = "/dev/fd/3";

    /// <summary>What stands for the next tier's host.</summary>
    public const string NextHost = "{nextHost}";

    /// <summary>What stands for the next tier's port.</summary>
    public const string NextPort = "{nextPort}";
    private const int TailBytes = 64 << 10;
    private const int LongestWords = 500;

    private static readonly string[] Inherited = ["PATH", "HOME", "LANG", "DOTNET_ROOT", "TZ"];

    /// <summary>Starts a program.</summary>
    /// <param name="program">What.</param>
    /// <param name="listen">host:port that stands for <c>{listen}</c>.</param>
    /// <param name="next">What stands for <c>{next}</c>; null for nothing.</param>
    /// <param name="groups">Files of the control groups to enter.</param>
    /// <param name="networkNamespace">Name of the network namespace to run in; null for the host's.</param>
    /// <param name="log">File that its output is appended to.</param>
    /// <param name="isOurs">Whether what it makes is the agent's alone, as a hypervisor's sockets are.</param>
    /// <param name="input">A short text that it can read from <see cref="InputFile"/>, and nobody else; null for none.</param>
    /// <returns>Its process.</returns>
    /// <exception cref="HostException">It cannot be started.</exception>
    public static int Start(
        VmProgram program,
        string listen,
        string? next,
        IReadOnlyList<string> groups,
        string? networkNamespace,
        string log,
        bool isOurs = false,
        string? input = null)
    {
        if (FindExecutable(program.Executable) is not { } executable)
            throw new HostException($"executable: '{program.Executable}' is not there");
        if (!Directory.Exists(program.WorkingDirectory))
            throw new HostException($"workingDirectory: '{program.WorkingDirectory}' is not there");
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = program.WorkingDirectory, UseShellExecute = false };
        // The shell enters the groups itself and becomes the program; a session of its own keeps the terminal's signals away.
        foreach (var argument in new[] { "-c", EmbeddedScript.Read("launch.sh"), "launch.sh" })
            start.ArgumentList.Add(argument);
        foreach (var word in networkNamespace is null ? [] : new[] { "ip", "netns", "exec", networkNamespace })
            start.ArgumentList.Add(word);
        start.ArgumentList.Add("setsid");
        start.ArgumentList.Add(executable);
        foreach (var argument in program.Arguments)
            start.ArgumentList.Add(Fill(argument, listen, next));
        var own = start.Environment.Where(variable => Inherited.Contains(variable.Key)).ToList();
        start.Environment.Clear();
        foreach (var (name, value) in own)
            start.Environment[name] = value;
        foreach (var (name, value) in program.Environment)
            start.Environment[name] = Fill(value, listen, next);
        start.Environment[GroupsVariable] = string.Join(' ', groups);
        start.Environment[LogVariable] = log;
        if (input is not null)
            start.Environment[InputVariable] = Fill(input, listen, next);
        start.Environment[MaskVariable] = isOurs ? OursAlone : OwnerOnly.InheritedMask;
        using var process = Process.Start(start) ?? throw new HostException($"executable: '{executable}' cannot be started");
        return process.Id;
    }

    /// <summary>
    /// Puts addresses in the place of <c>{listen}</c>, <c>{listenHost}</c>, <c>{listenPort}</c>, <c>{next}</c>, <c>{nextHost}</c> and
    /// <c>{nextPort}</c>. The last two are those of HOST:PORT only: what another form has before and after its last colon is neither.
    /// </summary>
    public static string Fill(string text, string listen, string? next)
    {
        var filled = text
            .Replace("{listenPort}", listen[(listen.LastIndexOf(':') + 1)..], StringComparison.Ordinal)
            .Replace("{listenHost}", listen[..listen.LastIndexOf(':')], StringComparison.Ordinal)
            .Replace("{listen}", listen, StringComparison.Ordinal);
        if (next is null || Endpoint.TryParse(next, EndpointKinds.HostName, out _))
        {
            filled = filled
                .Replace(NextHost, next?[..next.LastIndexOf(':')], StringComparison.Ordinal)
                .Replace(NextPort, next?[(next.LastIndexOf(':') + 1)..], StringComparison.Ordinal);
        }

        return filled.Replace("{next}", next, StringComparison.Ordinal);
    }

    /// <summary>The last line that a program wrote; empty when it wrote none.</summary>
    /// <param name="log">File that its output went to.</param>
    /// <param name="counts">Which lines count; null for all that are not empty.</param>
    public static string LastWords(string log, Func<string, bool>? counts = null)
    {
        // Only the end is read: a program may have written more than there is memory, and without a line break.
        var words = BoundedText.Tail(log, TailBytes).Split('\n')
            .LastOrDefault(line => !string.IsNullOrWhiteSpace(line) && counts?.Invoke(line) != false)?.Trim() ?? "";
        return words.Length <= LongestWords ? words : "…" + words[^LongestWords..];
    }

    /// <summary>Path of a program: itself when it is one, else the first on the path; null when there is none.</summary>
    public static string? FindExecutable(string name) => name.Contains('/', StringComparison.Ordinal)
        ? (File.Exists(name) ? name : null)
        : (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin").Split(':').Concat(["/usr/sbin", "/sbin"])
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
}
