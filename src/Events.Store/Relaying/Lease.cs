using System.Diagnostics;
using JustRunIt.Hosting.Logging;
using Npgsql;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>
/// Leadership for a short time, prolonged by heart-beats. It ends by two clocks: that of the database, by which the next takes over,
/// and our own, which began to run before the database's did, and ends earlier. So that this leader has stopped when the next begins,
/// whether it was stopped, cut off or only slow.
/// </summary>
internal sealed class Lease : IAsyncDisposable
{
    /// <summary>How long a lease holds without a heart-beat.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromMilliseconds(1600);

    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(300);

    /// <summary>How much earlier our own clock ends: for what was begun just before, and for clocks that run differently fast.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(200);

    private readonly NpgsqlConnection connection;
    private readonly CancellationTokenSource lost = new();
    private readonly CancellationTokenSource stopped = new();
    private readonly Task beating;
    private long endsAt;
    private volatile string reason = "its lease has run out";

    private Lease(NpgsqlConnection connection, Fence fence, long asked)
    {
        (this.connection, Fence) = (connection, fence);
        Prolong(asked);
        beating = BeatAsync();
    }

    /// <summary>What writes are checked against.</summary>
    public Fence Fence { get; }

    /// <summary>Cancelled when leadership has ended, or may have.</summary>
    public CancellationToken Lost => lost.Token;

    /// <summary>
    /// Whether nobody else can lead now. A process that was stopped and goes on learns it here, before any timer has run.
    /// </summary>
    public bool IsHeld => !lost.IsCancellationRequested && Stopwatch.GetTimestamp() < Volatile.Read(ref endsAt);

    /// <summary>Takes the lease if it is free.</summary>
    /// <param name="connection">Of the lease alone: nothing else may keep a heart-beat waiting.</param>
    /// <param name="holder">Who asks; whoever holds it already has it anew, with a new token.</param>
    /// <param name="cancellation">Ends the asking.</param>
    /// <returns>Null while somebody else leads.</returns>
    public static async Task<Lease?> TryTakeAsync(NpgsqlConnection connection, string holder, CancellationToken cancellation)
    {
        var asked = Stopwatch.GetTimestamp();
        // An end far ahead was written before the database's clock was set back.
        await using var command = new NpgsqlCommand(
            $"""
            UPDATE {RelayTable.Name} SET holder = $1, token = token + 1, expires = clock_timestamp() + $2
            WHERE id = 1 AND (holder = $1 OR expires <= clock_timestamp() OR expires > clock_timestamp() + 2 * $2)
            RETURNING token
            """,
            connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = holder });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = Length });
        if (await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is not long token)
            return null;
        // The token is on the disk. A heart-beat need not be: it would keep the row, and the position in it waiting, while the disk writes.
        // A crash that takes heart-beats along ends the lease earlier, and this leader's connections at once.
        await using var lighter = new NpgsqlCommand("SET synchronous_commit = off", connection);
        await lighter.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        return new Lease(connection, new Fence(holder, token), asked);
    }

    /// <summary>To be called before anything is handed over.</summary>
    /// <exception cref="LeadershipLostException">Leadership has ended, or may have.</exception>
    public void ThrowIfLost()
    {
        if (!IsHeld)
            throw new LeadershipLostException(reason);
    }

    /// <summary>Why leadership has ended.</summary>
    /// <param name="e">What it was noticed by.</param>
    public string EndedFor(Exception e) => e is LeadershipLostException ? e.Message : reason;

    /// <summary>Gives the lease back, so that the next need not wait for its end. Whatever was begun must have ended.</summary>
    public async Task ReleaseAsync()
    {
        await StopAsync().ConfigureAwait(false);
        if (!IsHeld)
            return;
        Volatile.Write(ref endsAt, 0);
        try
        {
            using var patience = new CancellationTokenSource(Beat);
            await using var command = Change("'-infinity'");
            await command.ExecuteNonQueryAsync(patience.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException or InvalidOperationException)
        {
            // It ends by itself.
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        lost.Dispose();
        stopped.Dispose();
    }

    private async Task StopAsync()
    {
        await stopped.CancelAsync().ConfigureAwait(false);
        await beating.ConfigureAwait(false);
    }

    private void Prolong(long asked)
    {
        var held = Length - Margin;
        Volatile.Write(ref endsAt, asked + (long)(held.TotalSeconds * Stopwatch.Frequency));
        var left = held - Stopwatch.GetElapsedTime(asked);
        lost.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
    }

    private async Task BeatAsync()
    {
        try
        {
            await using var command = Change("clock_timestamp() + $3");
            command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = Length });
            // A heart-beat under way is not broken off by the end: its connection is still needed to give the lease back.
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(lost.Token, stopped.Token);
            while (true)
            {
                await Task.Delay(Beat, ended.Token).ConfigureAwait(false);
                var asked = Stopwatch.GetTimestamp();
                if (await command.ExecuteNonQueryAsync(lost.Token).ConfigureAwait(false) == 0)
                {
                    reason = $"token {Fence.Token} is no longer the newest";
                    break;
                }

                Prolong(asked);
            }
        }
        catch (OperationCanceledException)
        {
            // Given back, or run out.
            if (!lost.IsCancellationRequested)
                return;
        }
        catch (Exception e)
        {
            reason = OneLine.Of(e);
        }

        await lost.CancelAsync().ConfigureAwait(false);
    }

    private NpgsqlCommand Change(string expires)
    {
        var command = new NpgsqlCommand(
            $"UPDATE {RelayTable.Name} SET expires = {expires} WHERE id = 1 AND holder = $1 AND token = $2", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Fence.Holder });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Fence.Token });
        return command;
    }
}
