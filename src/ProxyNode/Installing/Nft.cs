using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace JustRunIt.ProxyNode.Installing;

/// <summary>Runs <c>nft</c>.</summary>
internal static class Nft
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Does all that a script says, or nothing.</summary>
    /// <exception cref="NftException">It could not be done.</exception>
    public static Task ApplyAsync(string script) => RunAsync(script, "-f", "-");

    /// <summary>Family and name of every table whose name begins so.</summary>
    /// <exception cref="NftException">They cannot be listed.</exception>
    public static async Task<IReadOnlyList<(string Family, string Name)>> TablesAsync(string prefix)
    {
        using var listed = JsonDocument.Parse(await RunAsync("", "-j", "list", "tables").ConfigureAwait(false));
        return [.. listed.RootElement.GetProperty("nftables").EnumerateArray()
            .Where(item => item.TryGetProperty("table", out _))
            .Select(item => item.GetProperty("table"))
            .Select(table => (table.GetProperty("family").GetString()!, table.GetProperty("name").GetString()!))
            .Where(table => table.Item2.StartsWith(prefix, StringComparison.Ordinal))];
    }

    /// <summary>Whether a set has an element that has not timed out; false also when there is no such set.</summary>
    public static async Task<bool> HasElementAsync(string family, string table, string set)
    {
        try
        {
            using var listed = JsonDocument.Parse(await RunAsync("", "-j", "list", "set", family, table, set).ConfigureAwait(false));
            return listed.RootElement.GetProperty("nftables").EnumerateArray()
                .Any(item => item.TryGetProperty("set", out var found) && found.TryGetProperty("elem", out _));
        }
        catch (NftException)
        {
            return false;
        }
    }

    private static async Task<string> RunAsync(string input, params string[] arguments)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo("nft")
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        foreach (var argument in arguments)
            process.StartInfo.ArgumentList.Add(argument);
        // Debian keeps it off the path of users other than root.
        process.StartInfo.Environment["PATH"] = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin";
        if (File.Exists("/usr/sbin/nft"))
            process.StartInfo.FileName = "/usr/sbin/nft";
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            throw new NftException("nft is missing; install it with 'apt-get install nftables'");
        }

        await process.StandardInput.WriteAsync(input).ConfigureAwait(false);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new NftException($"nft did not end within {Patience.TotalSeconds:0} s");
        }

        if (process.ExitCode == 0)
            return await output.ConfigureAwait(false);
        var reason = (await errors.ConfigureAwait(false)).Split('\n', 2)[0];
        throw new NftException(reason.Contains("Operation not permitted", StringComparison.Ordinal)
            ? "nft may not change the rules; run as root, or with the capability CAP_NET_ADMIN"
            : $"nft: {reason}");
    }
}

/// <summary>The packet filter's rules could not be read or changed; the message says why, and what to do.</summary>
internal sealed class NftException(string message) : Exception(message);
