using System.Globalization;
using System.Security.Cryptography;
using JustRunIt.Events.Auditing.Seals;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Sealing;
using JustRunIt.Events.Store.History;
using JustRunIt.Events.Store.Sealing;
using Microsoft.Extensions.Logging.Abstractions;

namespace JustRunIt.Events.Store.Tests;

/// <summary>
/// A store of four matrices with five events each, then a checkpoint, which an auditor has kept, then one more matrix with three, and
/// another checkpoint. Numbers are 1 to 20, 21, 22 to 24, 25.
/// </summary>
public class SealedScene : IAsyncLifetime, IDisposable
{
    /// <summary>The log's name.</summary>
    protected const string Log = "log";

    private const string Events = "justrunit.mt_events";
    private const string Chain = "justrunit.chain";
    private const string Leaves = "justrunit.leaves";
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>The store.</summary>
    protected Scene Scene { get; } = new();

    /// <summary>For files; it is gone afterwards.</summary>
    protected string Folder { get; } = Path.Combine(Path.GetTempPath(), $"justrunit-seal-{Guid.NewGuid():N}");

    /// <summary>The public half of the key.</summary>
    protected SealKey Key => SealKey.Of(key);

    /// <summary>What an auditor has kept.</summary>
    protected Checkpoint Kept { get; private set; } = null!;

    /// <summary>What an owner does who wants every hash to be right: all of them anew.</summary>
    protected static string Rehashed =>
        """
        DELETE FROM {1};
        SELECT justrunit.chain_stream(stream_id, max(version)) FROM {0} GROUP BY stream_id
        """;

    public async Task InitializeAsync()
    {
        await Scene.InitializeAsync();
        foreach (var matrix in Enumerable.Range(0, 4).Select(_ => Guid.NewGuid()))
            await Scene.AppendAsync(matrix, 5);
        await SealAsync();
        Kept = (await NoteAsync()).Checkpoint;
        await Scene.AppendAsync(Guid.NewGuid(), 3);
        await SealAsync();
    }

    public async Task DisposeAsync()
    {
        await Scene.DisposeAsync();
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    }

    public void Dispose()
    {
        key.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Does what an owner of the database may: {0} are the events, {1} the hashes, {2} the leaves.</summary>
    protected Task ChangeAsync(string sql) =>
        Scene.ScalarAsync(string.Format(CultureInfo.InvariantCulture, sql, Events, Chain, Leaves));

    /// <summary>The stream of an event.</summary>
    protected async Task<string> StreamOfAsync(long sequence) =>
        (string)(await Scene.ScalarAsync($"SELECT stream_id FROM {Events} WHERE seq_id = {sequence}"))!;

    /// <summary>Seals what there is, as the Checker does.</summary>
    protected async Task SealAsync(ECDsa? with = null)
    {
        // Where no relay runs, nothing is under way.
        await Scene.ScalarAsync($"UPDATE justrunit.relay SET position = (SELECT max(seq_id) FROM {Events})");
        var settings = new SealSettings(Log, (with ?? key).ExportECPrivateKeyPem(), Path.Combine(Folder, "checkpoint"));
        using var sealer = new Sealer(
            Scene.DataSource, Scene.Store, Scene.Runner, settings, TimeProvider.System, NullLogger<Sealer>.Instance);
        await sealer.SealAsync(CancellationToken.None);
    }

    /// <summary>The checkpoint in the file.</summary>
    protected async Task<SealedNote> NoteAsync()
    {
        Assert.True(
            SealedNote.TryRead(await File.ReadAllTextAsync(Path.Combine(Folder, "checkpoint")), out var note, out var problem), problem);
        return note;
    }
}
