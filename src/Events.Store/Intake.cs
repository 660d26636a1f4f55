using System.Threading.Channels;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Store;

/// <summary>
/// Messages that come in such numbers that a transaction for each would be too much: what has come while the last ones were handled is
/// handled next, all in one transaction and in the order in which the broker gave it.
/// </summary>
/// <typeparam name="TDecider">The decider.</typeparam>
/// <typeparam name="TMessage">The message, of which a decider bears repetitions.</typeparam>
internal sealed class Intake<TDecider, TMessage> : IAsyncDisposable
    where TDecider : IDecider<TMessage>, new()
    where TMessage : class
{
    private readonly Channel<Waiting> waiting = Channel.CreateUnbounded<Waiting>(new UnboundedChannelOptions { SingleReader = true });
    private readonly TogetherRunner<TMessage> runner;
    private readonly Task running;

    public Intake(TogetherRunners runners)
    {
        runner = runners.For(new TDecider());
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
        while (await waiting.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            var batch = new List<Waiting>();
            while (waiting.Reader.TryRead(out var one))
                batch.Add(one);
            batch.Sort((one, other) => one.Order.CompareTo(other.Order));
            await HandleAsync(batch).ConfigureAwait(false);
        }
    }

    /// <summary>What fails is tried again as every message is, by whoever waits for it.</summary>
    private async Task HandleAsync(List<Waiting> batch)
    {
        try
        {
            var outcomes = await runner.HandleAsync([.. batch.Select(one => (one.Message, one.Cause))]).ConfigureAwait(false);
            foreach (var (one, outcome) in batch.Zip(outcomes))
            {
                if (outcome.Failure is { } failure)
                    one.Done.SetException(failure);
                else
                    one.Done.SetResult(outcome.Decision!);
            }
        }
        catch (Exception e)
        {
            foreach (var one in batch)
                one.Done.TrySetException(e);
        }
    }

    private sealed record Waiting(TMessage Message, Cause Cause, ulong Order, TaskCompletionSource<Decision> Done);
}
