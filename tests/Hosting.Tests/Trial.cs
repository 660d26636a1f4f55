using System.Diagnostics;

namespace JustRunIt.Hosting.Tests;

/// <summary>A process with its output, its errors and its exit code.</summary>
internal static class Trial
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Runs <see cref="TrialProgram"/> to its end.</summary>
    public static Task<(int ExitCode, string Output, string Errors)> RunAsync(
        string kind, Dictionary<string, string?>? environment = null) =>
        RunAsync([typeof(TrialProgram).Assembly.Location, kind], environment);

    /// <summary>Runs any assembly to its end.</summary>
    /// <param name="arguments">Path of the assembly, and its arguments.</param>
    /// <param name="environment">Variables that are set, or with null removed.</param>
    /// <param name="until">Ends the process by SIGTERM once this is true.</param>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        IEnumerable<string> arguments, Dictionary<string, string?>? environment = null, Func<string, bool>? until = null)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        // Whatever other tests of this process have done before: the programs here are of no role unless a test says so.
        start.Environment[EnvironmentVariables.Authority] = "none";
        foreach (var (name, value) in environment ?? [])
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(Patience);
        var output = "";
        var errors = process.StandardError.ReadToEndAsync(patience.Token);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
            {
                output += line + "\n";
                if (until?.Invoke(output) == true)
                {
                    until = null;
                    using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
                }
            }

            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"the process does not end; it said: {output}");
        }
    }
}
