using System.Globalization;
using JustRunIt.HostAgent.Files;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.Containers;

/// <summary>
/// Checkpoint and restore in user space (criu.org, criu(8)), run as a program. It freezes a tree of processes, writes what they
/// are to image files, and lets them go on; from the images it makes the same processes again.
/// </summary>
internal sealed class Criu(string program)
{
    private const string Variable = "JUSTRUNIT_CRIU";
    private const string Remedy = "'./justrunit setup' unpacks a CRIU that suits the kernel where the distribution's does not";
    private const string FrozenTime = "Frozen time: ";
    private const string FrozenAfter = "Frozen after it: ";

    // The program's own limit is raised where it may be; where it may not, that is no failure.
    private const string Harmless = "rlimit: ";

    // While nobody is served, it goes before everything that is not of real time (sched(7)), where that is allowed; what it restores has
    // the policy that it had.
    private const string AtOnce = """if chrt --rr 1 true 2>/dev/null; then exec chrt --rr 1 "$@"; fi; exec "$@" """;

    // How btrfs(8) begins its own.
    private const string ToolsError = "ERROR: ";

    /// <summary>The CRIU that the environment names, else the one on the path; null when there is none.</summary>
    public static Criu? Find()
    {
        var named = Environment.GetEnvironmentVariable(Variable);
        var candidates = named is { Length: > 0 }
            ? [named]
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/sbin", "/sbin"])
                .Select(folder => Path.Combine(folder, "criu"));
        return candidates.FirstOrDefault(File.Exists) is { } found ? new Criu(found) : null;
    }

    /// <summary>Whether it works with this kernel: null, or the reason and the remedy.</summary>
    public static async Task<string?> ProbeAsync()
    {
        if (Find() is not { } criu)
            return $"criu is not installed; {Remedy}";
        try
        {
            await criu.RunAsync("check");
            return null;
        }
        catch (HostException e)
        {
            return $"{e.Message}; {Remedy}";
        }
    }

    /// <summary>
    /// Whether this kernel tells which pages were written since a moment, so that memory can be copied before the freeze.
    /// </summary>
    public async Task<bool> TracksDirtyPagesAsync()
    {
        try
        {
            await RunAsync("check", "--feature", "mem_dirty_track");
            return true;
        }
        catch (HostException)
        {
            return false;
        }
    }

    /// <summary>Copies memory while the processes run; the next dump or pre-dump copies what was written since.</summary>
    public Task PreDumpAsync(int process, string images, string? previous, CancellationToken cancellation) => LoggedAsync(
        images,
        "dump.log",
        [
            "pre-dump", "--tree", Text(process), "--track-mem", .. previous is null ? [] : new[] { "--prev-images-dir", previous },
        ],
        cancellation);

    /// <summary>Writes images of a container, which runs on.</summary>
    /// <param name="process">Its first process.</param>
    /// <param name="processes">File with a line for each of its processes.</param>
    /// <param name="images">Folder for the images, and for <c>dump.log</c>.</param>
    /// <param name="previous">Images of the last pre-dump, relative to <paramref name="images"/>; null for none.</param>
    /// <param name="disk">Its disk, and what the snapshot of it is called that is taken while everything stands still.</param>
    /// <param name="cancellation">Ends the wait, not the dump.</param>
    /// <returns>How long it stood still.</returns>
    public async Task<TimeSpan> DumpAsync(
        int process,
        string processes,
        string images,
        string? previous,
        (string Path, string Snapshot) disk,
        CancellationToken cancellation)
    {
        const string script = "dump-and-continue.sh";
        var output = await LoggedAsync(
            images,
            "dump.log",
            [
                "dump", "--tree", Text(process), "--leave-stopped", "--file-validation", "filesize",
                "--manage-cgroups=ignore", "--network-lock", "skip", "--tcp-close", "--skip-in-flight", "--file-locks", "--display-stats",
                .. previous is null ? [] : new[] { "--track-mem", "--prev-images-dir", previous },
            ],
            cancellation,
            [
                "nsenter", "--target", Text(process), "--net", "--uts", "--ipc",
                "bash", "-c", EmbeddedScript.Read(script), script, processes, images, disk.Path, disk.Snapshot,
            ]);
        return Told(output, FrozenTime) + Told(output, FrozenAfter);
    }

    /// <summary>The command that writes images of a container that is to move: with its connections, and with nothing closed.</summary>
    public IReadOnlyList<string> MoveCommand(int process, string images, string? previous, string atTheInstant) =>
    [
        "nsenter", "--target", Text(process), "--net", "--uts",
        program, "dump", "--tree", Text(process), "--leave-running", "--file-validation", "filesize",
        "--manage-cgroups=ignore", "--network-lock", "skip", "--tcp-established", "--file-locks",
        "--action-script", atTheInstant,
        .. previous is null ? [] : new[] { "--track-mem", "--prev-images-dir", previous },
        "--images-dir", images, "-v1", "--log-file", "dump.log",
    ];

    /// <summary>
    /// Runs a program that holds a container while it moves, and outlives its agent. Ends when the container has been ended, or
    /// runs on.
    /// </summary>
    /// <param name="holder">The program and its arguments.</param>
    /// <param name="told">Variables that it is told by.</param>
    /// <param name="images">Folder that says that it runs.</param>
    /// <param name="log">Folder of CRIU's log.</param>
    /// <exception cref="HostException">It failed; with the reason of CRIU where that failed.</exception>
    public static async Task HoldAsync(
        IReadOnlyList<string> holder, IReadOnlyDictionary<string, string> told, string images, string log)
    {
        try
        {
            await DetachedProgram.RunAsync(images, holder, IsError, CancellationToken.None, told);
        }
        catch (HostException e)
        {
            throw new HostException(Reason(Path.Combine(log, "dump.log")) is { } reason ? $"criu dump: {reason}" : WithoutPlace(e.Message));
        }
    }

    /// <summary>Makes processes from images, in a network namespace, control groups and root of their own.</summary>
    /// <param name="images">The images.</param>
    /// <param name="work">Folder for <c>restore.log</c> and the ids of processes.</param>
    /// <param name="root">Its mounted root.</param>
    /// <param name="network">Its network namespace.</param>
    /// <param name="hostName">Its host name.</param>
    /// <param name="groups">Files of the control groups to enter.</param>
    /// <param name="moved">True to keep connections, and to leave the processes stopped.</param>
    /// <param name="cancellation">Ends the wait, not the restore.</param>
    /// <returns>The first of them.</returns>
    public async Task<int> RestoreAsync(
        string images,
        string work,
        string root,
        string network,
        string hostName,
        IReadOnlyList<string> groups,
        bool moved,
        CancellationToken cancellation)
    {
        var pidFile = Path.Combine(work, "restored.pid");
        const string enter = "enter-groups.sh";
        // Where the original had nothing of System V's, that namespace is no part of the images.
        var ipc = Directory.EnumerateFiles(images, "ipcns-*").Any() ? Array.Empty<string>() : ["--ipc"];
        await LoggedAsync(
            work,
            "restore.log",
            [
                "restore", "--root", root, "--file-validation", "filesize", "--file-locks", "--work-dir", work,
                "--manage-cgroups=ignore", "--restore-detached", "--pidfile", pidFile,
                .. moved ? new[] { "--tcp-established", "--network-lock", "skip", "--leave-stopped" } : ["--tcp-close"],
            ],
            cancellation,
            [
                "nsenter", $"--net={network}", "unshare", "--uts", .. ipc,
                "/bin/sh", "-c", EmbeddedScript.Read(enter), enter, string.Join(' ', groups), hostName,
                .. moved ? new[] { "/bin/sh", "-c", AtOnce, "at-once" } : [],
            ],
            images);
        return int.Parse(await File.ReadAllTextAsync(pidFile, cancellation), CultureInfo.InvariantCulture);
    }

    /// <summary>A number of microseconds in the output.</summary>
    private static TimeSpan Told(string output, string mark) =>
        output.Split('\n').FirstOrDefault(line => line.StartsWith(mark, StringComparison.Ordinal)) is { } line
            ? TimeSpan.FromMicroseconds(long.Parse(line[mark.Length..].Split(' ')[0], CultureInfo.InvariantCulture))
            : throw new HostException("criu dump: it did not tell how long the original stood still");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    // The images are in the working folder, unless they are elsewhere.
    private async Task<string> LoggedAsync(
        string work,
        string log,
        IReadOnlyList<string> arguments,
        CancellationToken cancellation,
        IReadOnlyList<string>? by = null,
        string? images = null)
    {
        try
        {
            IReadOnlyList<string> words = [.. by ?? [], program, .. arguments, "--images-dir", images ?? work, "-v1", "--log-file", log];
            return await DetachedProgram.RunAsync(work, words, IsError, cancellation);
        }
        catch (HostException e)
        {
            throw new HostException($"criu {arguments[0]}: {Reason(Path.Combine(work, log)) ?? e.Message}");
        }
    }

    private Task<string> RunAsync(params string[] arguments) =>
        DetachedProgram.RunAsync(null, [program, .. arguments], IsError, CancellationToken.None);

    /// <summary>The first error that the log tells of, without the place in CRIU's source.</summary>
    private static string? Reason(string log)
    {
        var line = BoundedText.Head(log, BoundedText.ToolBytes).Split('\n').FirstOrDefault(IsCriusError);
        return line is null ? null : WithoutPlace(line[line.IndexOf("Error (", StringComparison.Ordinal)..]).Trim();
    }

    private static string WithoutPlace(string error) =>
        error[(error.IndexOf("): ", StringComparison.Ordinal) is >= 0 and var end ? end + 3 : 0)..];

    private static bool IsCriusError(string line) =>
        line.Contains("Error (", StringComparison.Ordinal) && !line.Contains(Harmless, StringComparison.Ordinal);

    private static bool IsError(string line) => IsCriusError(line) || line.StartsWith(ToolsError, StringComparison.Ordinal);
}
