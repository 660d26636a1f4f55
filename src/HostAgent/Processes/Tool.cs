using System.Diagnostics;
using JustRunIt.HostAgent.Files;
using JustRunIt.HostAgent.Machines;

namespace JustRunIt.HostAgent.Processes;

/// <summary>Runs the system's own tools.</summary>
internal static class Tool
{
    /// <summary>Runs a tool to its end; returns its output.</summary>
    /// <exception cref="HostException">It is not installed or failed; the message holds its own line.</exception>
    public static Task<string> RunAsync(string name, string arguments, string? input = null) =>
        RunAsync(new ProcessStartInfo(name, arguments), $"{name} {arguments}", input);

    /// <summary>The same with arguments that are not to be split at spaces.</summary>
    public static Task<string> RunAsync(string name, params IEnumerable<string> arguments) =>
        RunAsync(new ProcessStartInfo(name, arguments), $"{name} {string.Join(' ', arguments)}", null);

    /// <summary>Runs a tool whose failure only means that there is nothing to do.</summary>
    public static async Task TryAsync(string name, string arguments)
    {
        try
        {
            await RunAsync(name, arguments);
        }
        catch (HostException)
        {
            // What it should remove is gone already, or was never made.
        }
    }

    private static async Task<string> RunAsync(ProcessStartInfo start, string line, string? input)
    {
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
        try
        {
            using var process = Process.Start(start) ?? throw new HostException($"{start.FileName} cannot be started");
            if (input is not null)
                await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            var error = BoundedText.ReadAsync(process.StandardError.BaseStream, BoundedText.ErrorBytes, CancellationToken.None);
            var (output, isAll) = await BoundedText.ReadAsync(
                process.StandardOutput.BaseStream, BoundedText.ToolBytes, CancellationToken.None);
            await process.WaitForExitAsync();
            if (process.ExitCode != 0)
                throw new HostException($"{line}: {(await error).Text.Trim().ReplaceLineEndings(" ")}");
            return isAll ? output : throw new HostException($"{line}: it told more than {BoundedText.ToolBytes} bytes");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new HostException($"{start.FileName}: {e.Message}; install the packages iproute2, nftables, util-linux and btrfs-progs");
        }
    }
}
