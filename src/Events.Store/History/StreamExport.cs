using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using JustRunIt.Events.Auditing.Seals;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Sealing;

namespace JustRunIt.Events.Store.History;

/// <summary>
/// Streams as a file that somebody verifies without this program and its database: events as they were hashed, the checkpoint, and the
/// proof that each is in it (<c>docs/audit-format.md</c>). Lines of JSON.
/// </summary>
/// <param name="seals">What the store has to show.</param>
public sealed class StreamExport(Seals seals)
{
    private const int Version = 1;

    // Base64 has a plus sign, which is escaped otherwise.
    private static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes streams.</summary>
    /// <param name="streams">Their names.</param>
    /// <param name="to">Where to.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>How many events were written, and how many of them the checkpoint covers.</returns>
    /// <exception cref="StoreChangedException">The store is not what its last checkpoint says.</exception>
    public async Task<(long Events, long Covered)> WriteAsync(
        IReadOnlyCollection<string> streams, TextWriter to, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(streams);
        ArgumentNullException.ThrowIfNull(to);
        var checkpoint = (await seals.CheckpointsAsync(cancellation).ConfigureAwait(false)).LastOrDefault();
        var tree = new WholeTree();
        if (checkpoint is not null)
            await PlantAsync(tree, checkpoint, cancellation).ConfigureAwait(false);
        await WriteAsync(to, new JsonObject
        {
            ["kind"] = "export",
            ["format"] = $"justrunit-export/{Version}",
            ["streams"] = new JsonArray([.. streams.Select(stream => (JsonNode)stream)]),
            ["checkpoint"] = checkpoint?.Note,
        }).ConfigureAwait(false);
        var (events, covered, types) = (0L, 0L, new HashSet<string>(StringComparer.Ordinal));
        await foreach (var row in seals.OfAsync(streams, cancellation).ConfigureAwait(false))
        {
            if (row is not { Event: { } e, Link: { } link })
                throw new StoreChangedException($"event number {row.Sequence} has no hash");
            if (types.Add(e.WireName) && SchemaOf(e.WireName) is { } schema)
                await WriteAsync(to, schema).ConfigureAwait(false);
            var leaf = row.Leaf < tree.Size ? row.Leaf : null;
            await WriteAsync(to, Told(link, leaf, tree)).ConfigureAwait(false);
            events++;
            covered += leaf is null ? 0 : 1;
        }

        await WriteAsync(to, new JsonObject { ["kind"] = "end", ["events"] = events }).ConfigureAwait(false);
        return (events, covered);
    }

    private async Task PlantAsync(WholeTree tree, CheckpointSigned checkpoint, CancellationToken cancellation)
    {
        await foreach (var hash in seals.LeavesAsync(checkpoint.Size, cancellation).ConfigureAwait(false))
            tree.Add(hash.Span);
        if (tree.Size != checkpoint.Size || Convert.ToBase64String(tree.Root(tree.Size)) != checkpoint.Root)
            throw new StoreChangedException($"the first {checkpoint.Size} events are not those of its last checkpoint");
    }

    private static JsonObject Told(ChainLink link, long? leaf, WholeTree tree)
    {
        var told = new JsonObject
        {
            ["kind"] = "event",
            ["canonical"] = Convert.ToBase64String(link.Canonical.Span),
            ["hash"] = Convert.ToBase64String(link.Hash.Span),
            ["leaf"] = leaf,
        };
        if (leaf is { } number)
        {
            told["proof"] = new JsonArray(
                [.. tree.Inclusion(number, tree.Size).Select(step => (JsonNode)Convert.ToBase64String(step.Span))]);
        }

        return told;
    }

    /// <summary>The schema of a type; null for one that this program does not write any more.</summary>
    private static JsonObject? SchemaOf(string wireName) =>
        Wire.Types.FirstOrDefault(type => Wire.NameOf(type) == wireName) is { } type
            ? new JsonObject { ["kind"] = "schema", ["type"] = wireName, ["schema"] = Schemas.Of(type) }
            : null;

    private static Task WriteAsync(TextWriter to, JsonObject line) => to.WriteAsync(line.ToJsonString(Options) + "\n");
}
