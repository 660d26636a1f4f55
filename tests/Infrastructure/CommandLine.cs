using System.Diagnostics;

namespace JustRunIt.Infrastructure;

/// <summary>Runs a command to its end.</summary>
internal static class CommandLine
{
    /// <summary>Returns what the command wrote to its standard output.</summary>
    /// <exception cref="InvalidOperationException">Exit code not zero, or the time limit passed.</exception>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, TimeSpan limit)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        process.Start();
        process.StandardInput.Close();

        using var timeout = new CancellationTokenSource(limit);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            var errors = process.StandardError.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token).ConfigureAwait(false);
            return process.ExitCode == 0
                ? await output.ConfigureAwait(false)
                : throw new InvalidOperationException(
                    $"{program} {process.StartInfo.ArgumentList.FirstOrDefault()} ended with exit code {process.ExitCode}: "
                    + (await errors.ConfigureAwait(false)).Trim());
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"{program} did not end within {limit.TotalSeconds:0} s.");
        }
    }
}
