using System.Diagnostics;

namespace JustRunIt.Hosting.Messaging.Authority;

/// <summary>
/// Hands definitions (users, permissions, virtual hosts, exchanges, queues) to a broker by its own command-line tool. They never stand on a
/// command line or in a file.
/// </summary>
internal static class DefinitionsImport
{
    private const int MostAttempts = 3;

    /// <summary>What the tool says of an input that ends too early: now and then it takes what has come of it so far for all.</summary>
    private const string CutOff = "unexpected_end_of_buffer";

    /// <summary>Imports definitions; what is imported twice is the same.</summary>
    /// <param name="control">Path of rabbitmqctl, or of a program that takes the same arguments.</param>
    /// <param name="definitions">A JSON object (rabbitmq.com, "Definition Export and Import").</param>
    /// <param name="cancellation">Ends the tool.</param>
    /// <returns>What the tool says is wrong; null when it has taken them.</returns>
    public static async Task<string?> TryAsync(string control, string definitions, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var problem = await TryOnceAsync(control, definitions, cancellation).ConfigureAwait(false);
            if (problem is null || attempt == MostAttempts || !problem.Contains(CutOff, StringComparison.Ordinal))
                return problem;
        }
    }

    private static async Task<string?> TryOnceAsync(string control, string definitions, CancellationToken cancellation)
    {
        using var process = Process.Start(new ProcessStartInfo(control, ["import_definitions"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            var said = process.StandardOutput.ReadToEndAsync(cancellation);
            var errors = process.StandardError.ReadToEndAsync(cancellation);
            try
            {
                await process.StandardInput.WriteAsync(definitions.AsMemory(), cancellation).ConfigureAwait(false);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It has ended, and says why.
            }

            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
            return process.ExitCode == 0 ? null : $"{await errors.ConfigureAwait(false)} {await said.ConfigureAwait(false)}".Trim();
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
