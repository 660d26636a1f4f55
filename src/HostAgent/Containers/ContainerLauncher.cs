using System.Diagnostics;
using System.Globalization;
using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;
using JustRunIt.HostAgent.Secrets;
using JustRunIt.Hosting.Files;

namespace JustRunIt.HostAgent.Containers;

/// <summary>
/// Starts a program as the first process of its own process, mount, host name and IPC namespaces, in a network namespace made
/// before, with a root of its own and without the capabilities that would let it out (capabilities(7), namespaces(7)).
/// </summary>
internal static class ContainerLauncher
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    // What a server may need of root's powers; no raw sockets, no mounts, no devices, no modules, no other process' memory.
    private const string Capabilities =
        "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+sys_chroot,+audit_write,+setfcap";

    private static readonly string[] Inherited = ["PATH", "LANG", "DOTNET_ROOT", "TZ"];

    /// <summary>File, seen from inside, that the program's output is appended to.</summary>
    public const string Output = "/.justrunit.log";

    /// <summary>Starts it.</summary>
    /// <param name="name">Host name inside.</param>
    /// <param name="program">What.</param>
    /// <param name="listen">host:port that stands for <c>{listen}</c>.</param>
    /// <param name="next">What stands for <c>{next}</c>; null for nothing.</param>
    /// <param name="groups">Files of the control groups to enter.</param>
    /// <param name="network">Network namespace.</param>
    /// <param name="root">Its mounted root.</param>
    /// <param name="written">Folder outside of what it writes over its image.</param>
    /// <param name="log">File outside that is told why it cannot be started.</param>
    /// <returns>Its first process, seen from the host.</returns>
    /// <exception cref="HostException">It cannot be started.</exception>
    public static async Task<int> StartAsync(
        string name,
        VmProgram program,
        string listen,
        string? next,
        IReadOnlyList<string> groups,
        string network,
        string root,
        string written,
        string log)
    {
        if (!Directory.Exists(root + program.WorkingDirectory))
            throw new HostException($"workingDirectory: '{program.WorkingDirectory}' is not there in the container's image");
        if (program.Executable.Contains('/', StringComparison.Ordinal) && !File.Exists(root + program.Executable))
            throw new HostException($"executable: '{program.Executable}' is not there in the container's image");
        const string outside = "enter-namespaces.sh";
        var arguments = program.Arguments.Select(argument => Launcher.Fill(argument, listen, next));
        var start = new ProcessStartInfo("/bin/bash", ["-c", EmbeddedScript.Read(outside), outside, program.Executable, .. arguments])
        {
            WorkingDirectory = "/",
        };
        var own = start.Environment.Where(variable => Inherited.Contains(variable.Key)).ToList();
        start.Environment.Clear();
        foreach (var (variable, value) in own)
            start.Environment[variable] = value;
        // What a .NET program needs not to hold what cannot be checkpointed; others do not know these names.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["DOTNET_hostBuilder__reloadConfigOnChange"] = "false";
        start.Environment["HOME"] = "/root";
        var variables = program.Environment.ToDictionary(pair => pair.Key, pair => Launcher.Fill(pair.Value, listen, next));
        // What a shell or a loader would obey out here (PATH, BASH_ENV, LD_PRELOAD) is set inside; what no shell can set says nothing
        // to any.
        foreach (var (variable, value) in variables.Where(pair => !IsShells(pair.Key)))
            start.Environment[variable] = value;
        start.Environment["JUSTRUNIT_VARIABLES"] = string.Join('\n', variables.Where(pair => IsShells(pair.Key)).Select(Export));
        start.Environment["JUSTRUNIT_GROUPS"] = string.Join(' ', groups);
        start.Environment["JUSTRUNIT_LOG"] = log;
        start.Environment["JUSTRUNIT_UMASK"] = OwnerOnly.InheritedMask;
        start.Environment["JUSTRUNIT_NETWORK"] = network;
        start.Environment["JUSTRUNIT_INSIDE"] = EmbeddedScript.Read("set-up-root.sh");
        start.Environment["JUSTRUNIT_ROOT"] = root;
        start.Environment["JUSTRUNIT_NAME"] = name;
        start.Environment["JUSTRUNIT_FOLDER"] = program.WorkingDirectory;
        start.Environment["JUSTRUNIT_OUTPUT"] = Output;
        start.Environment["JUSTRUNIT_CAPABILITIES"] = Capabilities;
        using var outer = Process.Start(start) ?? throw new HostException("bash cannot be started");
        var children = string.Create(CultureInfo.InvariantCulture, $"/proc/{outer.Id}/task/{outer.Id}/children");
        for (var begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < Patience && !outer.HasExited;)
        {
            // The first child of unshare is the container's first process; the root is its own once the outside is unmounted.
            if (Children(children) is [var child] && $"/proc/{child}/root" is var seen
                && !Directory.Exists($"{seen}/.outside") && File.Exists(seen + Output))
            {
                return int.Parse(child, CultureInfo.InvariantCulture);
            }

            await Task.Delay(Interval);
        }

        if (outer.HasExited && Launcher.LastWords(written + Output) is { Length: > 0 } last)
            throw new HostException($"the program ended before it was healthy: {ServerSecrets.Masked(program, last)}");
        var silent = outer.HasExited ? "its first process ended without a word" : "its set-up did not end in time";
        throw new HostException($"the container cannot be started: {(Launcher.LastWords(log) is { Length: > 0 } words ? words : silent)}");
    }

    private static bool IsShells(string variable) =>
        !char.IsAsciiDigit(variable[0]) && variable.All(c => char.IsAsciiLetterOrDigit(c) || c is '_');

    private static string Export(KeyValuePair<string, string> variable) =>
        $"export {variable.Key}='{variable.Value.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string[] Children(string file)
    {
        try
        {
            return File.ReadAllText(file).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (IOException)
        {
            // The outer process has ended.
            return [];
        }
    }
}
