using System.Text.Json;

namespace JustRunIt.ProxyNode.Installing;

/// <summary>Runs <c>nft</c>.</summary>
internal static class Nft
{
    private static readonly Tool Program = new("nft", "nftables", "change the rules");

    /// <summary>Does all that a script says, or nothing.</summary>
    /// <exception cref="ToolException">It could not be done.</exception>
    public static Task ApplyAsync(string script) => RunAsync(script, "-f", "-");

    /// <summary>Family and name of every table whose name begins so.</summary>
    /// <exception cref="ToolException">They cannot be listed.</exception>
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
        catch (ToolException)
        {
            return false;
        }
    }

    private static Task<string> RunAsync(string input, params string[] arguments) => Program.RunAsync(input, arguments);
}
