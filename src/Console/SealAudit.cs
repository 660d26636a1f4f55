using System.Globalization;
using JustRunIt.Events.Auditing.Seals;
using JustRunIt.Events.Sealing;
using JustRunIt.Events.Store.History;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.Console;

/// <summary>What an audit finds of changes to the store: hashes, tree, and checkpoints.</summary>
internal sealed class SealAudit
{
    private const int MostShown = 10;
    private readonly SealedNote? own;
    private readonly SealKey? key;
    private readonly SortedDictionary<SealBreak, int> counts = [];
    private readonly List<SealFinding> first = [];
    private IReadOnlyList<CheckpointSigned> stored = [];
    private SealAuditor auditor = SealAuditor.OfStreams();

    private SealAudit(SealedNote? own, SealKey? key) => (this.own, this.key) = (own, key);

    /// <summary>Whether nothing was found.</summary>
    public bool IsRight => counts.Count == 0;

    /// <summary>Whether the store has hashes at all.</summary>
    public bool IsThere { get; private set; }

    /// <summary>The last checkpoint that stands on the streams, as the auditor may keep it; null where there is none.</summary>
    public string? LastNote => stored.Count == 0 ? null : stored[^1].Note;

    /// <summary>Reads what the auditor brings along.</summary>
    /// <param name="checkpoint">File of the auditor's own last checkpoint; null for none.</param>
    /// <param name="key">File of the public key; null for none.</param>
    /// <exception cref="ConfigurationException">A file holds none, or the note is not signed with the key.</exception>
    public static SealAudit Of(FileInfo? checkpoint, FileInfo? key)
    {
        var read = key is null ? null : SealKey.Read(Text("--key", key)) ?? throw new ConfigurationException(
            $"command line: --key: '{key.FullName}' holds no such key; allowed is {SealKey.Allowed}");
        if (checkpoint is null)
            return new SealAudit(null, read);
        if (!SealedNote.TryRead(Text("--checkpoint", checkpoint), out var note, out var problem))
            throw new ConfigurationException($"command line: --checkpoint: '{checkpoint.FullName}': {problem}");
        return read is not null && !read.HasSigned(note.Note)
            ? throw new ConfigurationException(
                $"command line: --checkpoint: '{checkpoint.FullName}' is not signed with the key of --key, {read.Id}")
            : new SealAudit(note, read);
    }

    /// <summary>Looks through the store.</summary>
    /// <param name="snapshot">The store.</param>
    /// <param name="streams">Of which streams; null for all, and for the tree.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task RunAsync(
        StoreSnapshot snapshot, IReadOnlyCollection<string>? streams, Action<long> progress, CancellationToken cancellation)
    {
        var seals = await snapshot.SealsAsync(cancellation);
        IsThere = seals is not null;
        if (streams is null)
        {
            stored = seals is null ? [] : await seals.CheckpointsAsync(cancellation);
            CheckSignatures();
            auditor = new SealAuditor(Checkpoints());
        }

        // A store whose hashes were taken away as a whole continues no checkpoint.
        await foreach (var row in seals is null ? AsyncEnumerable.Empty<SealedRow>()
            : streams is null ? seals.AllAsync(cancellation)
            : seals.OfAsync(streams, cancellation))
        {
            foreach (var finding in auditor.Add(row))
                Add(finding);
            progress(row.Sequence);
        }

        foreach (var finding in auditor.End())
            Add(finding);
    }

    /// <summary>What was found, as JSON.</summary>
    public object Told() => new
    {
        auditor.Events,
        auditor.Sealed,
        auditor.Now(log: "")?.Root,
        Found = counts.ToDictionary(count => $"{count.Key}", count => count.Value),
        First = first,
        Checkpoint = own is null ? null : new { own.Checkpoint.Origin, own.Checkpoint.Size, own.Checkpoint.Root },
        Says = Verdict(),
    };

    /// <summary>What was found, in lines.</summary>
    public void Print()
    {
        foreach (var finding in first)
        {
            System.Console.WriteLine($"changed: {finding.Break}{Place(finding)}: {finding.Detail}");
            foreach (var difference in finding.Differences)
            {
                System.Console.WriteLine(
                    $"  {difference.Path}: is {difference.Recorded ?? "nothing"}; was {difference.Decided ?? "nothing"}");
            }
        }

        if (counts.Values.Sum() > first.Count)
        {
            var all = counts.Select(count => string.Create(CultureInfo.InvariantCulture, $"{count.Key} {count.Value}"));
            System.Console.WriteLine($"changed: {string.Join(", ", all)} in all");
        }

        System.Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"seals: {auditor.Events} events hashed, {auditor.Sealed} in the tree: {Verdict()}"));
    }

    private string Verdict() => (IsThere, IsRight, own, key) switch
    {
        (_, false, _, _) => "the store was changed",
        (false, _, _, _) => "the store has none: it is of an older version",
        (_, _, null, _) => "internally consistent, not proven complete (--checkpoint proves it)",
        (_, _, var note, null) => string.Create(
            CultureInfo.InvariantCulture,
            $"it continues the checkpoint of {note.Checkpoint.Size} events, whose signature was not looked at (--key)"),
        (_, _, var note, _) => string.Create(
            CultureInfo.InvariantCulture, $"it continues the signed checkpoint of {note.Checkpoint.Size} events"),
    };

    private static string Place(SealFinding finding)
    {
        if (finding.Sequence == 0)
            return "";
        return finding.Stream.Length == 0
            ? string.Create(CultureInfo.InvariantCulture, $", event number {finding.Sequence}")
            : string.Create(
                CultureInfo.InvariantCulture, $", event {finding.Version} of {finding.Stream} (number {finding.Sequence})");
    }

    private static string Text(string option, FileInfo file)
    {
        try
        {
            return File.ReadAllText(file.FullName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"command line: {option}: {e.Message}");
        }
    }

    private IEnumerable<Checkpoint> Checkpoints()
    {
        if (own is not null)
            yield return own.Checkpoint;
        foreach (var each in stored)
            yield return new Checkpoint(each.Log, each.Size, each.Root);
    }

    private void CheckSignatures()
    {
        foreach (var each in stored)
        {
            if (!SealedNote.TryRead(each.Note, out var note, out var problem)
                || note.Checkpoint != new Checkpoint(each.Log, each.Size, each.Root))
            {
                Add(NotSigned(each, problem.Length > 0 ? problem : "its note says something else"));
            }
            else if (key is not null && !key.HasSigned(note.Note))
            {
                Add(NotSigned(each, $"it is not signed with the key {key.Id}"));
            }
        }

        static SealFinding NotSigned(CheckpointSigned each, string why) => new(
            SealBreak.NotSigned, 0, "", 0, string.Create(CultureInfo.InvariantCulture, $"the checkpoint of {each.Size} events: {why}"));
    }

    private void Add(SealFinding finding)
    {
        counts[finding.Break] = counts.GetValueOrDefault(finding.Break) + 1;
        if (first.Count < MostShown)
            first.Add(finding);
    }
}
