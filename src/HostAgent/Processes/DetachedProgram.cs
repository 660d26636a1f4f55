using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using JustRunIt.HostAgent.Files;
using JustRunIt.HostAgent.Machines;
using JustRunIt.Hosting.Files;

namespace JustRunIt.HostAgent.Processes;

/// <summary>
/// Runs programs that must come to their end even when the agent is killed: a dump that is broken off would leave the original
/// frozen. The next agent finds by a file which of them still runs.
/// </summary>
internal static class DetachedProgram
{
    private const string PidFile = "working.pid";

    /// <summary>Runs one to its end.</summary>
    /// <param name="folder">Folder that says that it runs; null for nowhere.</param>
    /// <param name="words">Program and arguments.</param>
    /// <param name="isError">Which line of its standard error is the reason of a failure.</param>
    /// <param name="cancellation">Ends the wait, not the program.</param>
    /// <param name="variables">What is added to its environment; null for nothing.</param>
    /// <exception cref="HostException">It failed.</exception>
    public static async Task<string> RunAsync(
        string? folder,
        IReadOnlyList<string> words,
        Func<string, bool> isError,
        CancellationToken cancellation,
        IReadOnlyDictionary<string, string>? variables = null)
    {
        var record = folder is null ? "" : Path.Combine(folder, PidFile);
        var start = new ProcessStartInfo("/bin/sh", ["-c", EmbeddedScript.Read("detach.sh"), "detach.sh", record, .. words])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in variables ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        using var process = Start(start);
        process.StandardInput.Close();

        var error = BoundedText.ReadAsync(process.StandardError.BaseStream, BoundedText.ErrorBytes, cancellation);
        var (output, _) = await BoundedText.ReadAsync(process.StandardOutput.BaseStream, BoundedText.ToolBytes, cancellation);
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode == 0
            ? output
            : throw new HostException(Reason((await error).Text, isError) ?? $"{words[0]} ended with code {process.ExitCode}");
    }

    /// <summary>Whether one that an agent before this one started in that folder still runs.</summary>
    public static bool IsRunning(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, PidFile)).Split(' ') is [var process, var start]
                && ProcessTable.Runs(int.Parse(process, CultureInfo.InvariantCulture), long.Parse(start, CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or OverflowException)
        {
            return false;
        }
    }

    /// <summary>Its own reason, or, when setsid(1) could not even start it, that one's.</summary>
    private static string? Reason(string error, Func<string, bool> isError)
    {
        var lines = error.Split('\n');
        var reason = lines.FirstOrDefault(isError) ?? lines.FirstOrDefault(line =>
            line.StartsWith("setsid: ", StringComparison.Ordinal) || line.StartsWith("detach.sh: ", StringComparison.Ordinal));
        return reason?.Trim();
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new HostException($"/bin/sh: {e.Message}; install the package util-linux");
        }
    }
}
