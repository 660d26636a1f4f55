using System.Text.Json;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Hosting.Files;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>
/// The moves that are ordered and not answered yet, for a node that is started again meanwhile: whoever answers then is believed as if it
/// had not been. A file beside the node's own, replaced as a whole; gone when there are none.
/// </summary>
/// <param name="path">Its path; null to remember nothing.</param>
internal sealed class OrderFile(string? path)
{
    private const string Extension = ".orders.json";
    private const long MostBytes = 4 << 20;

    /// <summary>The file of a node.</summary>
    /// <param name="file">The node's configuration; null for none.</param>
    /// <param name="node">Its name.</param>
    public static OrderFile Of(string? file, string node) =>
        new(file is null ? null : Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, node + Extension));

    /// <summary>What is remembered; nothing where it cannot be read.</summary>
    public IReadOnlyList<MigrationStarted> Read()
    {
        try
        {
            return path is null || new FileInfo(path) is not { Exists: true, Length: <= MostBytes }
                ? []
                : JsonSerializer.Deserialize<List<MigrationStarted>>(File.ReadAllText(path), Wire.Json) is { } orders
                    && !orders.Contains(null!)
                        ? orders
                        : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or NotSupportedException)
        {
            // Cut off, or of another version: the answers to come are doubted, and told.
            return [];
        }
    }

    /// <summary>Replaces what is remembered.</summary>
    /// <returns>Why it could not be; null when it was.</returns>
    public string? Save(IReadOnlyList<MigrationStarted> orders)
    {
        if (path is null)
            return null;
        try
        {
            if (orders.Count == 0)
            {
                File.Delete(path);
                return null;
            }

            var next = path + ".next";
            OwnerOnly.WriteAllText(next, JsonSerializer.Serialize(orders, Wire.Json));
            File.Move(next, path, overwrite: true);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }
}
