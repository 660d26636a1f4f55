using System.Globalization;
using JustRunIt.HostAgent.Hypervisors;
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

    // On a busy machine CRIU would wait for its turn many times while the original stands still, so it goes before everything that
    // is not of real time (sched(7)), where that is allowed. Namespaces that it shares with the processes are no part of the images;
    // for each of the others it would start a process of its own meanwhile. The network and the host name are made anew before
    // anything is restored, and so is the one for System V's memory, semaphores and messages where there are none. Its first image
    // says that everything stands still: what is to be done at that instant is done beside it. Its statistics say that it has left
    // the processes stopped; they are continued here, because its own hooks would be started four times, at several milliseconds each.
    private const string DumpAndContinue = """
        chrt --rr 1 true 2> /dev/null && chrt --rr --pid 1 $$
        processes=$1 images=$2 instant=$3
        shift 3
        empty() {
            local lines=() kind
            for kind in shm sem msg; do mapfile -t -O ${#lines[@]} lines < /proc/sysvipc/$kind; done
            [ ${#lines[@]} = 3 ]
        }
        beside="unshare --ipc"
        if empty; then beside=; fi
        exec {never}<> <(:)
        $beside "$@" &
        until [ -e "$images/files.img" ] || ! kill -0 $! 2> /dev/null; do read -rt 0.001 -u $never; done
        eval "$instant"
        done=$?
        if [ -z "$beside" ] && ! empty; then
            echo "Error (dump): System V's memory, semaphores or messages were made at the instant of the dump" >&2
            done=1
        fi
        while
            from=${EPOCHREALTIME//[^0-9]/}
            ! [ -e "$images/stats-dump" ] && kill -0 $! 2> /dev/null
        do
            read -rt 0.001 -u $never
        done
        while read -r process; do kill -CONT "$process"; done < "$processes"
        echo "Frozen after it: $((${EPOCHREALTIME//[^0-9]/} - from))"
        wait $!
        code=$?
        [ $code != 0 ] || code=$done
        exit $code
        """;

    // The program's own limit is raised where it may be; where it may not, that is no failure.
    private const string Harmless = "rlimit: ";

    // How btrfs(8) begins its own.
    private const string ToolsError = "ERROR: ";

    /// <summary>The CRIU that the environment names, else the one on the path; null when there is none.</summary>
    public static Criu? Find()
    {
        var named = Environment.GetEnvironmentVariable(Variable);
        var candidates = named is { Length: > 0 }
            ? [named]
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/sbin", "/sbin"]).Select(folder => Path.Combine(folder, "criu"));
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
        catch (HypervisorException e)
        {
            return $"{e.Message}; {Remedy}";
        }
    }

    /// <summary>Whether this kernel tells which pages were written since a moment, so that memory can be copied before the freeze.</summary>
    public async Task<bool> TracksDirtyPagesAsync()
    {
        try
        {
            await RunAsync("check", "--feature", "mem_dirty_track");
            return true;
        }
        catch (HypervisorException)
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
    /// <param name="atTheInstant">Line for a shell that is run while everything stands still.</param>
    /// <param name="cancellation">Ends the wait, not the dump.</param>
    /// <returns>How long it stood still.</returns>
    public async Task<TimeSpan> DumpAsync(
        int process, string processes, string images, string? previous, string atTheInstant, CancellationToken cancellation)
    {
        var output = await LoggedAsync(
            images,
            "dump.log",
            [
                "dump", "--tree", Text(process), "--leave-stopped", "--file-validation", "filesize",
                "--manage-cgroups=ignore", "--network-lock", "skip", "--tcp-close", "--skip-in-flight", "--file-locks", "--display-stats",
                .. previous is null ? [] : new[] { "--track-mem", "--prev-images-dir", previous },
            ],
            cancellation,
            ["nsenter", "--target", Text(process), "--net", "--uts", "--ipc", "bash", "-c", DumpAndContinue, "dump", processes, images, atTheInstant]);
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
    /// <exception cref="HypervisorException">It failed; with the reason of CRIU where that failed.</exception>
    public static async Task HoldAsync(string holder, string images, string log)
    {
        try
        {
            await RunAsync(CancellationToken.None, images, [holder]);
        }
        catch (HypervisorException e)
        {
            throw new HypervisorException(Reason(Path.Combine(log, "dump.log")) is { } reason ? $"criu dump: {reason}" : e.Message[(e.Message.IndexOf("): ", StringComparison.Ordinal) is >= 0 and var end ? end + 3 : 0)..]);
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
        string images, string work, string root, string network, string hostName, IReadOnlyList<string> groups, bool moved, CancellationToken cancellation)
    {
        var pidFile = Path.Combine(work, "restored.pid");
        const string enter = """for g in $1; do echo $$ > "$g" || exit 125; done; hostname "$2" || exit 125; shift 2; exec "$@" """;
        await LoggedAsync(
            work,
            "restore.log",
            [
                "restore", "--root", root, "--file-validation", "filesize", "--file-locks", "--work-dir", work,
                "--manage-cgroups=ignore", "--restore-detached", "--pidfile", pidFile,
                .. moved ? new[] { "--tcp-established", "--network-lock", "skip", "--leave-stopped" } : ["--tcp-close"],
            ],
            cancellation,
            ["nsenter", $"--net={network}", "unshare", "--uts", .. Directory.EnumerateFiles(images, "ipcns-*").Any() ? Array.Empty<string>() : ["--ipc"], "/bin/sh", "-c", enter, "sh", string.Join(' ', groups), hostName],
            images);
        return int.Parse(await File.ReadAllTextAsync(pidFile, cancellation), CultureInfo.InvariantCulture);
    }

    /// <summary>A number of microseconds in the output.</summary>
    private static TimeSpan Told(string output, string mark) =>
        output.Split('\n').FirstOrDefault(line => line.StartsWith(mark, StringComparison.Ordinal)) is { } line
            ? TimeSpan.FromMicroseconds(long.Parse(line[mark.Length..].Split(' ')[0], CultureInfo.InvariantCulture))
            : throw new HypervisorException("criu dump: it did not tell how long the original stood still");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    // The images are in the working folder, unless they are elsewhere.
    private async Task<string> LoggedAsync(
        string work, string log, IReadOnlyList<string> arguments, CancellationToken cancellation, IReadOnlyList<string>? by = null, string? images = null)
    {
        try
        {
            return await RunAsync(cancellation, work, [.. by ?? [], program, .. arguments, "--images-dir", images ?? work, "-v1", "--log-file", log]);
        }
        catch (HypervisorException e)
        {
            throw new HypervisorException($"criu {arguments[0]}: {Reason(Path.Combine(work, log)) ?? e.Message}");
        }
    }

    private Task<string> RunAsync(params string[] arguments) => RunAsync(CancellationToken.None, null, [program, .. arguments]);

    private static Task<string> RunAsync(CancellationToken cancellation, string? folder, IReadOnlyList<string> words) =>
        Outliving.RunAsync(folder, words, IsError, cancellation);

    /// <summary>The first error that the log tells of, without the place in CRIU's source.</summary>
    private static string? Reason(string log)
    {
        if (!File.Exists(log))
            return null;
        var line = File.ReadLines(log).FirstOrDefault(IsCriusError);
        return line?[(line.IndexOf("): ", line.IndexOf("Error (", StringComparison.Ordinal), StringComparison.Ordinal) + 3)..].Trim();
    }

    private static bool IsCriusError(string line) =>
        line.Contains("Error (", StringComparison.Ordinal) && !line.Contains(Harmless, StringComparison.Ordinal);

    private static bool IsError(string line) => IsCriusError(line) || line.StartsWith(ToolsError, StringComparison.Ordinal);
}
