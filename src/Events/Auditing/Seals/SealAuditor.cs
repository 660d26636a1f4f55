using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using JustRunIt.Events.Sealing;

namespace JustRunIt.Events.Auditing.Seals;

/// <summary>
/// Looks through a store for changes: row by row, in the order of the numbers of all events. It keeps the last hash of each stream, and
/// of the tree no more than its next root needs.
/// </summary>
public sealed class SealAuditor
{
    private static readonly byte[] NoPredecessor = new byte[MerkleTree.HashLength];
    private readonly Dictionary<string, (long Version, ReadOnlyMemory<byte> Hash)> heads = new(StringComparer.Ordinal);
    private readonly ILookup<long, Checkpoint> checkpoints;
    private readonly bool hasTree;
    private readonly GrowingTree tree = new();
    private SealedRow? unsealed;
    private bool isTreeLost;

    /// <summary>Looks at all streams, and at the tree.</summary>
    /// <param name="checkpoints">What the tree must have been, at these sizes.</param>
    public SealAuditor(IEnumerable<Checkpoint> checkpoints)
        : this(checkpoints, hasTree: true)
    {
    }

    private SealAuditor(IEnumerable<Checkpoint> checkpoints, bool hasTree)
    {
        this.checkpoints = checkpoints.ToLookup(checkpoint => checkpoint.Size);
        this.hasTree = hasTree;
    }

    /// <summary>Events that were looked at.</summary>
    public long Events { get; private set; }

    /// <summary>Of these, how many are in the tree.</summary>
    public long Sealed => tree.Size;

    /// <summary>The tree as it is now; null where it cannot be known.</summary>
    public Checkpoint? Now(string log) => hasTree && !isTreeLost ? Checkpoint.Of(log, tree.Size, tree.Root()) : null;

    /// <summary>Looks at some streams only, of which all events are given: nothing is known of the tree then.</summary>
    public static SealAuditor OfStreams() => new([], hasTree: false);

    /// <summary>Looks at what stands under the next number.</summary>
    public IEnumerable<SealFinding> Add(SealedRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        Events += row.Event is null ? 0 : 1;
        var canonical = row.Link is { } link && !(link.IsSame && row.Event is not null) ? CanonicalEvent.Read(link.Canonical) : null;
        var findings = new List<SealFinding>();
        if (row.Link is null)
        {
            findings.Add(row.Event is { } e
                ? Found(SealBreak.Unhashed, row, e, "it has no hash: it was not appended as events are, or its hash was taken away")
                : Found(SealBreak.Removed, row, null, "it is gone, and its hash too; only its place in the tree is still there"));
        }
        else
        {
            findings.AddRange(Content(row, canonical));
            findings.AddRange(Chain(row, row.Link, canonical?.Event ?? row.Event));
        }

        if (hasTree)
            findings.AddRange(Tree(row, canonical?.Event ?? row.Event));
        return findings;
    }

    /// <summary>Nothing stands behind the last.</summary>
    public IEnumerable<SealFinding> End() =>
        from named in checkpoints
        where named.Key > tree.Size && !isTreeLost
        orderby named.Key
        select new SealFinding(SealBreak.CutOff, 0, "", 0, string.Create(
            CultureInfo.InvariantCulture, $"a checkpoint of {named.First().Origin} is of {named.Key} events; {tree.Size} are sealed"));

    private IEnumerable<SealFinding> Content(SealedRow row, CanonicalEvent? canonical)
    {
        if (row.Event is not { } now)
        {
            yield return Found(SealBreak.Removed, row, canonical?.Event, "it is gone; its hash is still there");
            yield break;
        }

        if (row.Link!.IsSame)
            yield break;
        if (canonical is null)
        {
            yield return Found(SealBreak.WrongHash, row, now, "what was hashed is no event");
            yield break;
        }

        var differences = Differences(row.Sequence, now, canonical);
        if (differences.Length > 0)
        {
            yield return Found(SealBreak.Changed, row, now, "it is not what was appended") with { Differences = differences };
        }
    }

    private IEnumerable<SealFinding> Chain(SealedRow row, ChainLink link, StoredEvent? e)
    {
        if (e is null)
            yield break;
        var before = heads.GetValueOrDefault(e.Stream, (0, NoPredecessor));
        if (e.Version != before.Version + 1)
        {
            yield return Found(SealBreak.BrokenStream, row, e, string.Create(
                CultureInfo.InvariantCulture, $"it follows version {before.Version}"));
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(before.Hash.Span);
        hash.AppendData(link.Canonical.Span);
        Span<byte> right = stackalloc byte[MerkleTree.HashLength];
        hash.GetHashAndReset(right);
        if (!right.SequenceEqual(link.Hash.Span))
            yield return Found(SealBreak.WrongHash, row, e, "its hash is not that of what was appended and of its predecessor's hash");
        heads[e.Stream] = (e.Version, link.Hash);
    }

    private IEnumerable<SealFinding> Tree(SealedRow row, StoredEvent? e)
    {
        if (row.Leaf is not { } leaf)
        {
            unsealed ??= row;
            yield break;
        }

        if (unsealed is { } left)
        {
            unsealed = null;
            yield return Found(SealBreak.Unsealed, left, left.Event, "it has no place in the tree, and later events have");
        }

        if (leaf != tree.Size)
        {
            yield return Found(SealBreak.Unsealed, row, e, string.Create(
                CultureInfo.InvariantCulture, $"its place in the tree is {leaf}; the next is {tree.Size}"));
        }

        if (row.Link is not { } link)
        {
            isTreeLost = true;
            yield break;
        }

        tree.Add(link.Hash.Span);
        if (isTreeLost || !checkpoints.Contains(tree.Size))
            yield break;
        var root = Convert.ToBase64String(tree.Root());
        foreach (var other in checkpoints[tree.Size].Where(checkpoint => checkpoint.Root != root))
        {
            yield return new SealFinding(SealBreak.OtherRoot, row.Sequence, "", 0, string.Create(
                CultureInfo.InvariantCulture,
                $"the first {tree.Size} events have root {root}; a checkpoint of {other.Origin} says {other.Root}"));
        }
    }

    private static ImmutableArray<Difference> Differences(long sequence, StoredEvent now, CanonicalEvent canonical)
    {
        var was = canonical.Event;
        var found = ImmutableArray.CreateBuilder<Difference>();
        Compare("sequence", $"{sequence}", $"{canonical.Sequence}");
        Compare("id", $"{now.Id}", $"{was.Id}");
        Compare("stream", now.Stream, was.Stream);
        Compare("version", $"{now.Version}", $"{was.Version}");
        Compare("type", now.WireName, was.WireName);
        Compare("at", now.At, was.At);
        Compare("causation", now.CausationId, was.CausationId);
        Compare("correlation", now.CorrelationId, was.CorrelationId);
        CompareJson("headers", now.Headers ?? "null", was.Headers ?? "null");
        CompareJson("data", now.Body, was.Body);
        return found.ToImmutable();

        void Compare(string path, string? recorded, string? hashed)
        {
            if (recorded != hashed)
                found.Add(new Difference(path, recorded, hashed));
        }

        void CompareJson(string path, string recorded, string hashed)
        {
            using var one = JsonDocument.Parse(recorded);
            using var other = JsonDocument.Parse(hashed);
            found.AddRange(JsonDifferences.Between(path, one.RootElement, other.RootElement));
        }
    }

    private static SealFinding Found(SealBreak how, SealedRow row, StoredEvent? e, string detail) =>
        new(how, row.Sequence, e?.Stream ?? "", e?.Version ?? 0, detail);
}
