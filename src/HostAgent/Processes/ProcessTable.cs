using System.Globalization;
using System.Runtime.InteropServices;

namespace JustRunIt.HostAgent.Processes;

/// <summary>Processes as the kernel tells of them (proc(5)).</summary>
internal static partial class ProcessTable
{
    private const int Terminate = 15;
    private const int Kill = 9;
    private const int Continue = 18;

    // Fields of /proc/PID/stat after the command's closing parenthesis: state is the first, start time the 20th.
    private const int StartTimeField = 19;

    /// <summary>Start of a process in clock ticks since boot; null when it does not run. A zombie does not run.</summary>
    public static long? StartOf(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : long.Parse(fields[StartTimeField], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Of some processes the one that none of the others has started, the oldest of several; null when none runs.</summary>
    public static int? Eldest(IReadOnlyList<int> processes)
    {
        var alive = processes.Select(process => (Process: process, Start: StartOf(process))).Where(one => one.Start is not null).ToList();
        var roots = alive.Where(one => !processes.Contains(ParentOf(one.Process))).ToList();
        return alive.Count == 0 ? null : (roots.Count > 0 ? roots : alive).MinBy(one => one.Start).Process;
    }

    /// <summary>Whether it is still the same process that runs under that number.</summary>
    public static bool Runs(int process, long start) => StartOf(process) == start;

    /// <summary>Memory that a process has mapped and present, shared with others or not (proc(5), statm); 0 when it does not run.</summary>
    public static long ResidentBytes(int process)
    {
        try
        {
            var pages = File.ReadAllText($"/proc/{process}/statm").Split(' ')[1];
            return long.Parse(pages, CultureInfo.InvariantCulture) * Environment.SystemPageSize;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>Asks processes to end. Those that have are no error.</summary>
    public static void AskToEnd(IEnumerable<int> processes) => Signal(processes, Terminate);

    /// <summary>Ends processes.</summary>
    public static void End(IEnumerable<int> processes) => Signal(processes, Kill);

    /// <summary>Lets stopped processes go on.</summary>
    public static void GoOn(IEnumerable<int> processes) => Signal(processes, Continue);

    private static int ParentOf(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private static void Signal(IEnumerable<int> processes, int signal)
    {
        foreach (var process in processes)
            _ = SendSignal(process, signal);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
