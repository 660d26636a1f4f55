using System.Diagnostics;
using JustRunIt.HostAgent.Hypervisors;

namespace JustRunIt.HostAgent.Processes;

/// <summary>Runs the system's own tools.</summary>
internal static class Tool
{
    /// <summary>Runs a tool to its end; returns its output.</summary>
    /// <exception cref="HypervisorException">It is not installed or failed; the message holds its own line.</exception>
    public static async Task<string> RunAsync(string name, string arguments, string? input = null)
    {
        var start = new ProcessStartInfo(name, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start) ?? throw new HypervisorException($"{name} cannot be started");
            if (input is not null)
                await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            var error = process.StandardError.ReadToEndAsync();
            var output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return process.ExitCode == 0
                ? output
                : throw new HypervisorException($"{name} {arguments}: {(await error).Trim().ReplaceLineEndings(" ")}");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new HypervisorException($"{name}: {e.Message}; install the packages iproute2 and nftables");
        }
    }
}
