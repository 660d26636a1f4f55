using System.Diagnostics;
using System.Globalization;
using JustRunIt.Client.Supervision;
using JustRunIt.Events.Store;

namespace JustRunIt.Bench.Audit;

/// <summary>One run of a command as a process, as a person calls it.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="First">Until its first line on standard output.</param>
/// <param name="Whole">Until its end.</param>
/// <param name="Processor">CPU time that it took, both modes.</param>
/// <param name="PeakMebibytes">The most memory that it had, in MiB.</param>
/// <param name="LastLine">What it said last.</param>
internal sealed record ConsoleRun(
    int ExitCode, TimeSpan First, TimeSpan Whole, TimeSpan Processor, double PeakMebibytes, string LastLine)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(50);

    /// <summary>Runs it.</summary>
    public static async Task<ConsoleRun> OfAsync(string postgres, string[] arguments, CancellationToken stop)
    {
        var start = new ProcessStartInfo("dotnet", [Programs.OfProduct("Console"), .. arguments]) { RedirectStandardOutput = true };
        start.Environment[Connections.PostgresVariable] = postgres;
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var lines = ReadAsync(process, watch, stop);
        var (processor, peak) = (TimeSpan.Zero, 0.0);
        while (!process.HasExited)
        {
            try
            {
                processor = process.TotalProcessorTime;
                peak = Math.Max(peak, Peak(process.Id));
            }
            catch (Exception e) when (e is InvalidOperationException or IOException)
            {
                // It has ended meanwhile.
            }

            await Task.Delay(BetweenLooks, stop);
            process.Refresh();
        }

        var (first, last) = await lines;
        return new ConsoleRun(process.ExitCode, first, watch.Elapsed, processor, peak, last);
    }

    private static async Task<(TimeSpan First, string Last)> ReadAsync(Process process, Stopwatch watch, CancellationToken stop)
    {
        var (first, last) = (TimeSpan.Zero, "");
        while (await process.StandardOutput.ReadLineAsync(stop) is { } line)
        {
            if (first == TimeSpan.Zero)
                first = watch.Elapsed;
            if (line.Length > 0)
                last = line;
        }

        return (first, last);
    }

    /// <summary>The most memory that a process has had (proc(5), VmHWM), in MiB.</summary>
    private static double Peak(int process)
    {
        const string field = "VmHWM:";
        var line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal));
        var kibibytes = line?[field.Length..].Replace("kB", "", StringComparison.Ordinal);
        return kibibytes is null ? 0 : double.Parse(kibibytes, CultureInfo.InvariantCulture) / 1024;
    }
}
