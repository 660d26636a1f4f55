using System.Diagnostics;
using System.Threading.Channels;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Logging;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JustRunIt.Events.Store;

/// <summary>
/// Messages that come in such numbers that a transaction for each would be too much: what has come while the last ones were handled is
/// handled next, all in one transaction and in the order in which the broker gave it. The next is not begun for a moment, unless much
/// waits already: what a transaction costs whatever its size is then paid seldom, and one message more costs little. While the database
/// does not answer, what came first is tried again and all else waits behind it: what came back later, from a queue of its own, would come
/// late.
/// </summary>
/// <typeparam name="TDecider">The decider.</typeparam>
/// <typeparam name="TMessage">The message, of which a decider bears repetitions.</typeparam>
internal sealed partial class Intake<TDecider, TMessage> : IAsyncDisposable
    where TDecider : IDecider<TMessage>, new()
    where TMessage : class
{
    /// <summary>From the begin of one transaction to that of the next; nothing against the seconds that a window takes.</summary>
    private static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(40);

    /// <summary>So many are not kept waiting for more: the broker gives a few hundred at most before any is answered for.</summary>
    private const int Many = 64;

    private readonly Channel<Waiting> waiting = Channel.CreateUnbounded<Waiting>(new UnboundedChannelOptions { SingleReader = true });
    private readonly TogetherRunner<TMessage> runner;
    private readonly WaitForDatabase database;
    private readonly ILogger logger;
    private readonly Task running;

    /// <summary>Begins to take.</summary>
    /// <param name="runners">Make what handles.</param>
    /// <param name="life">When the process stops, nothing is waited for.</param>
    /// <param name="logger">Hears of what is waited for.</param>
    public Intake(TogetherRunners runners, IHostApplicationLifetime life, ILogger<Intake<TDecider, TMessage>> logger)
    {
        runner = runners.For(new TDecider());
        database = new WaitForDatabase(life.ApplicationStopping);
        this.logger = logger;
        running = Task.Run(RunAsync);
    }

    /// <summary>Ends when the message is handled, or failed.</summary>
    /// <param name="message">The message.</param>
    /// <param name="cause">Its id, and the clock.</param>
    /// <param name="order">Its place among those that are waiting.</param>
    public Task<Decision> HandleAsync(TMessage message, Cause cause, ulong order)
    {
        var one = new Waiting(message, cause, order, new(TaskCreationOptions.RunContinuationsAsynchronously));
        return waiting.Writer.TryWrite(one) ? one.Done.Task : Task.FromException<Decision>(new OperationCanceledException());
    }

    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        await running.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        var begun = 0L;
        while (await waiting.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            var batch = new List<Waiting>();
            Take(batch);
            if (begun != 0 && batch.Count < Many && Apart - Stopwatch.GetElapsedTime(begun) is var left && left > TimeSpan.Zero)
            {
                await Task.Delay(left).ConfigureAwait(false);
                Take(batch);
            }

            begun = Stopwatch.GetTimestamp();
            batch.Sort((one, other) => one.Order.CompareTo(other.Order));
            await HandleAsync(batch).ConfigureAwait(false);
        }
    }

    private void Take(List<Waiting> batch)
    {
        while (waiting.Reader.TryRead(out var one))
            batch.Add(one);
    }

    /// <summary>What fails is tried again as every message is, by whoever waits for it; what only waits for the database, here.</summary>
    private async Task HandleAsync(IReadOnlyList<Waiting> batch)
    {
        while (batch.Count > 0)
        {
            try
            {
                batch = await HandleOnceAsync(batch).ConfigureAwait(false);
                if (batch.Count == 0 && database.End())
                    Log.Over(logger, Wire.NameOf(typeof(TMessage)));
            }
            catch (Exception e) when (StoreErrors.IsAway(e) && database.MayWait)
            {
                if (database.Begin())
                    Log.Waiting(logger, Wire.NameOf(typeof(TMessage)), OneLine.Of(e));
            }
            catch (Exception e)
            {
                foreach (var one in batch)
                    one.Done.TrySetException(e);
                return;
            }

            if (batch.Count > 0)
                await database.PauseAsync().ConfigureAwait(false);
        }
    }

    /// <returns>What is to be tried again, in its order.</returns>
    private async Task<IReadOnlyList<Waiting>> HandleOnceAsync(IReadOnlyList<Waiting> batch)
    {
        var outcomes = await runner.HandleAsync([.. batch.Select(one => (one.Message, one.Cause))]).ConfigureAwait(false);
        var again = new List<Waiting>();
        foreach (var (one, outcome) in batch.Zip(outcomes))
        {
            if (outcome.Failure is not { } failure)
            {
                one.Done.SetResult(outcome.Decision!);
            }
            else if (StoreErrors.IsAway(failure) && database.MayWait)
            {
                if (database.Begin())
                    Log.Waiting(logger, Wire.NameOf(typeof(TMessage)), OneLine.Of(failure));
                again.Add(one);
            }
            else
            {
                one.Done.SetException(failure);
            }
        }

        return again;
    }

    private sealed record Waiting(TMessage Message, Cause Cause, ulong Order, TaskCompletionSource<Decision> Done);

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 1116,
            Level = LogLevel.Warning,
            Message = "{Name} waits, in its order, for the database: {Reason}")]
        public static partial void Waiting(ILogger logger, string name, string reason);

        [LoggerMessage(EventId = 1117, Level = LogLevel.Information, Message = "{Name} is handled again")]
        public static partial void Over(ILogger logger, string name);
    }
}
