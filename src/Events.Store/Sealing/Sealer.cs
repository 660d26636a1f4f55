using System.Text;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Sealing;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Files;
using JustRunIt.Hosting.Logging;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace JustRunIt.Events.Store.Sealing;

/// <summary>
/// Seals what was appended: adds the hashes of events to the tree, and states a signed checkpoint now and then. Several may run; each
/// step is one's alone. What it does not get done, it does later: nothing waits for it.
/// </summary>
internal sealed partial class Sealer(
    NpgsqlDataSource dataSource,
    EventStore streams,
    DecisionRunner runner,
    SealSettings settings,
    TimeProvider clock,
    ILogger<Sealer> logger) : BackgroundService
{
    private readonly RepeatedNews interruptions = new(every: TimeSpan.FromSeconds(60));

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (settings.Key is null)
            Log.NoKey(logger, EnvironmentVariables.SealKey);
        using var timer = new PeriodicTimer(SealSettings.Every, clock);
        do
        {
            try
            {
                await SealAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                interruptions.Tell(e, reason => Log.Interrupted(logger, reason));
            }
        }
        while (await WaitAsync(timer, stoppingToken).ConfigureAwait(false));
    }

    /// <summary>Adds what there is, and states a checkpoint of it if there is anything new.</summary>
    internal async Task SealAsync(CancellationToken cancellation)
    {
        GrowingTree tree;
        bool hasNews;
        var state = (await streams.LoadAsync<SealState>(Streams.Seal(settings.Log), cancellation).ConfigureAwait(false)).State;
        await using (var connection = await dataSource.OpenConnectionAsync(cancellation).ConfigureAwait(false))
        {
            bool more;
            do
            {
                (tree, more) = await TreeTable.GrowAsync(connection, cancellation).ConfigureAwait(false);
            }
            while (more);
            hasNews = await TreeTable.HasNewsAsync(connection, state.Last?.Size ?? 0, cancellation).ConfigureAwait(false);
        }

        var note = state.Last?.Note;
        if (hasNews && settings.Key is not null)
            note = await SignAsync(tree, cancellation).ConfigureAwait(false);
        if (note is not null && settings.File is { } file && !await HoldsAsync(file, note, cancellation).ConfigureAwait(false))
            Replace(file, note);
    }

    private static async Task<bool> HoldsAsync(string file, string note, CancellationToken cancellation) =>
        File.Exists(file) && await File.ReadAllTextAsync(file, cancellation).ConfigureAwait(false) == note;

    /// <summary>Whoever reads it finds the one before or this one, whole.</summary>
    private static void Replace(string file, string note)
    {
        var next = $"{file}.next";
        OwnerOnly.Folder(Path.GetDirectoryName(file)!);
        using (var stream = OwnerOnly.Open(next, FileMode.Create))
        {
            stream.Write(Encoding.UTF8.GetBytes(note));
            stream.Flush(flushToDisk: true);
        }

        File.Move(next, file, overwrite: true);
    }

    private static async Task<bool> WaitAsync(PeriodicTimer timer, CancellationToken cancellation)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <returns>The note in force: another instance may have been faster.</returns>
    private async Task<string?> SignAsync(GrowingTree tree, CancellationToken cancellation)
    {
        var checkpoint = Checkpoint.Of(settings.Log, tree.Size, tree.Root());
        string note;
        using (var key = settings.OpenKey())
            note = SealKey.Sign(key, settings.Log, checkpoint.Text).ToString();
        var now = clock.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        var read = new TreeRead(settings.Log, checkpoint.Size, checkpoint.Root, note);
        await runner.HandleAgainAsync(new SealingDecider(), read, new Cause(id, id, now), cancellation).ConfigureAwait(false);
        var state = await streams.LoadAsync<SealState>(Streams.Seal(settings.Log), cancellation).ConfigureAwait(false);
        return state.State.Last?.Note;
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 1130,
            Level = LogLevel.Information,
            Message = "seals: no key, so that no checkpoint is signed; {Variable} names one")]
        public static partial void NoKey(ILogger logger, string variable);

        [LoggerMessage(EventId = 1131, Level = LogLevel.Warning, Message = "seals: interrupted, tried again later: {Reason}")]
        public static partial void Interrupted(ILogger logger, string reason);
    }
}
