using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Logging;
using JustRunIt.Hosting.Messaging;
using Marten;
using Microsoft.Extensions.Logging;
using Npgsql;
using Serilog.Context;

namespace JustRunIt.Events.Store;

/// <summary>
/// Load, decide, append: the only way by which a service changes anything. Everything that follows from a message is committed
/// together or not at all, with what was read for it in the headers of its events. A stream that has changed since it was read
/// makes the commit fail, and the message is handled again from the start.
/// </summary>
public sealed partial class DecisionRunner(
    IDocumentStore store,
    EventStore streams,
    NpgsqlDataSource dataSource,
    IEnumerable<IFactSource> facts,
    IEnumerable<IKeeper> keepers,
    DecisionMeter meter,
    ILogger<DecisionRunner> logger)
{
    private const int MostAttempts = 20;

    private readonly Dictionary<Type, IFactSource> factSources = facts.ToDictionary(source => source.Asked);
    private readonly Dictionary<Type, IKeeper> keepersByType = keepers.ToDictionary(keeper => keeper.Kept);

    /// <summary>Handles a message: once, however often it is delivered.</summary>
    /// <param name="decider">The decider.</param>
    /// <param name="message">The message.</param>
    /// <param name="cause">Its id, and the clock.</param>
    /// <param name="cancellation">Ends the handling; nothing is left of it then.</param>
    /// <param name="tell">Publishes what the decision tells others; null: nobody is told.</param>
    /// <returns>What was decided.</returns>
    /// <exception cref="MalformedMessageException">The decider refuses the message.</exception>
    public async Task<Decision> HandleAsync<TMessage>(
        IDecider<TMessage> decider,
        TMessage message,
        Cause cause,
        CancellationToken cancellation,
        Func<IReport, Task>? tell = null)
        where TMessage : class
    {
        ArgumentNullException.ThrowIfNull(decider);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(cause);
        if (await HandledTable.ContainsAsync(dataSource, decider.Name, cause.MessageId, cancellation).ConfigureAwait(false))
            return Nothing(decider, message, Decision.Nothing(WhyNothing.AlreadyHandled, "this message was handled before"));
        await using var session = store.LightweightSession();
        var source = new Source(streams, factSources, session);
        var (decision, reading) = await DecisionLoop.RunAsync(decider, message, cause, source, cancellation).ConfigureAwait(false);
        if (decision.Why == WhyNothing.Refused)
        {
            Nothing(decider, message, decision);
            await TellAsync(decision, tell).ConfigureAwait(false);
            throw new MalformedMessageException(decision.Detail);
        }

        foreach (var kept in decision.Kept)
            keepersByType[kept.GetType()].Keep(kept, session);
        if (decision.Why is { } why)
        {
            // What is kept says itself that the message was handled.
            if (decision.Kept.IsEmpty)
                HandledTable.Add(session, decider.Name, cause, why, decision.Detail);
        }
        else
        {
            Append(session, decision, reading, DecisionRecord.Of(decider, message, cause, reading), cause);
        }

        await session.SaveChangesAsync(cancellation).ConfigureAwait(false);
        await TellAsync(decision, tell).ConfigureAwait(false);
        return decision.Why is null ? Decided(decider, message, decision, cause) : Nothing(decider, message, decision);
    }

    /// <summary>Handles what nobody delivers again: when somebody else was faster, it is decided again from the start.</summary>
    /// <param name="decider">The decider.</param>
    /// <param name="message">The message.</param>
    /// <param name="cause">Its id, and the clock.</param>
    /// <param name="cancellation">Ends the handling; nothing is left of it then.</param>
    /// <returns>What was decided.</returns>
    public async Task<Decision> HandleAgainAsync<TMessage>(
        IDecider<TMessage> decider, TMessage message, Cause cause, CancellationToken cancellation)
        where TMessage : class
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await HandleAsync(decider, message, cause, cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (attempt < MostAttempts && StoreErrors.Retries.IsConflict(e))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10 * attempt), cancellation).ConfigureAwait(false);
            }
        }
    }

    private static async Task TellAsync(Decision decision, Func<IReport, Task>? tell)
    {
        if (tell is null)
            return;
        foreach (var report in decision.Told)
            await tell(report).ConfigureAwait(false);
    }

    private static void Append(IDocumentSession session, Decision decision, Reading reading, DecisionRecord record, Cause cause)
    {
        session.CausationId = cause.MessageId.ToString();
        session.SetHeader(DecisionRecord.Header, record);
        foreach (var (stream, events) in decision.Streams)
        {
            var version = reading.VersionOf(stream);
            var appended = version == 0
                ? session.Events.StartStream(stream, [.. events])
                : session.Events.Append(stream, version + events.Length, [.. events]);
            foreach (var (recorded, @event) in appended.Events.Zip(events))
            {
                var correlation = decision.CorrelationOf(@event, cause);
                recorded.CorrelationId = correlation.ToString();
                foreach (var timer in Consequences.TimersOf(@event))
                    Timers.TimerTable.Insert(session, timer, correlation, recorded.Id);
            }
        }
    }

    private Decision Decided(IDecider decider, object message, Decision decision, Cause cause)
    {
        meter.Count(decider.Name, Wire.NameOf(message.GetType()), null);
        foreach (var (stream, events) in decision.Streams)
        {
            // The first window that breaks an agreement begins a chain of its own, and its line belongs to that.
            foreach (var chain in events.GroupBy(e => decision.CorrelationOf(e, cause)))
            {
                using (LogContext.PushProperty(LogProperties.CorrelationId, chain.Key))
                    Log.Decided(logger, decider.Name, stream, string.Join(", ", chain.Select(e => e.GetType().Name)));
            }
        }

        return decision;
    }

    internal Decision Nothing(IDecider decider, object message, Decision decision)
    {
        var why = decision.Why!.Value;
        meter.Count(decider.Name, Wire.NameOf(message.GetType()), why);
        // A window that fills, and what is for somebody else, is no news; of what is told, its sender says more.
        var level = why is WhyNothing.Unchanged or WhyNothing.NotAddressed or WhyNothing.Ahead or WhyNothing.Late
            ? LogLevel.Debug
            : LogLevel.Information;
        Log.DecidedNothing(logger, level, decider.Name, $"{why}", decision.Detail);
        return decision;
    }

    private sealed class Source(EventStore streams, Dictionary<Type, IFactSource> facts, IDocumentSession session) : IReadingSource
    {
        public async ValueTask<Versioned<TState>> LoadAsync<TState>(string stream, CancellationToken cancellation)
            where TState : class, IState<TState> =>
            await streams.LoadAsync<TState>(session, stream, cancellation).ConfigureAwait(false);

        public async ValueTask<TAnswer> AnswerAsync<TAnswer>(IFact<TAnswer> asked, CancellationToken cancellation) =>
            facts.TryGetValue(asked.GetType(), out var source)
                ? (TAnswer)(await source.AnswerAsync(asked, session, cancellation).ConfigureAwait(false))!
                : throw new InvalidOperationException($"Nothing in this service answers {asked.GetType().Name}.");
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1110, Level = LogLevel.Information, Message = "decided by {Decider} on {Stream}: {Events}")]
        public static partial void Decided(ILogger logger, string decider, string stream, string events);

        [LoggerMessage(EventId = 1111, Message = "nothing decided by {Decider}: {Why}, {Detail}")]
        public static partial void DecidedNothing(ILogger logger, LogLevel level, string decider, string why, string detail);
    }
}
