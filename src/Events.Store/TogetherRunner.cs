using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using Marten;

namespace JustRunIt.Events.Store;

/// <summary>
/// Load, decide, keep, for many messages at once. What they only keep is committed in one transaction; a message from which events
/// follow is handled by itself (<see cref="DecisionRunner"/>) after that, and what comes after it and looks at the same streams is decided
/// then. The decider bears repetitions: that nothing follows from a message is remembered in what it keeps, and nowhere else.
/// </summary>
internal sealed class TogetherRunner<TMessage>(
    IDecider<TMessage> decider,
    DecisionRunner runner,
    IDocumentStore store,
    ReadyStates states,
    IReadOnlyList<IFactSource> facts,
    IReadOnlyDictionary<Type, IKeeper> keepers)
    where TMessage : class
{
    private const int AloneAtOnce = 4;

    /// <summary>Handles messages; those that look at the same streams in their order.</summary>
    /// <returns>What was decided of each, or what failed for it alone.</returns>
    public async Task<IReadOnlyList<Outcome>> HandleAsync(IReadOnlyList<(TMessage Message, Cause Cause)> batch)
    {
        try
        {
            var outcomes = await HandleAllAsync(batch).ConfigureAwait(false);
            if (outcomes.Any(outcome => outcome.Failure is { } e && StoreErrors.IsAway(e)))
                states.Forget();
            return outcomes;
        }
        catch (Exception e) when (StoreErrors.IsAway(e))
        {
            // What answers next may be a standby that lacks the last events and has others of the same versions.
            states.Forget();
            throw;
        }
    }

    private async Task<IReadOnlyList<Outcome>> HandleAllAsync(IReadOnlyList<(TMessage Message, Cause Cause)> batch)
    {
        var outcomes = new Outcome[batch.Count];
        IReadOnlyList<int> left = [.. Enumerable.Range(0, batch.Count)];
        while (left.Count > 0)
        {
            left = await HandleSomeAsync(batch, left, outcomes).ConfigureAwait(false);
            // What waited for a message that could not be handled for an outage comes after it still.
            if (outcomes.FirstOrDefault(outcome => outcome.Failure is { } e && StoreErrors.IsAway(e)).Failure is not { } failure)
                continue;
            foreach (var index in left)
                outcomes[index] = new Outcome(null, failure);
            break;
        }

        return outcomes;
    }

    /// <summary>Handles what does not wait for another message.</summary>
    /// <returns>What does.</returns>
    private async Task<IReadOnlyList<int>> HandleSomeAsync(
        IReadOnlyList<(TMessage Message, Cause Cause)> batch, IReadOnlyList<int> left, Outcome[] outcomes)
    {
        await using var session = store.LightweightSession();
        var source = new Source(states, facts, session);
        await ReadAsync([.. left.Select(index => batch[index])], source).ConfigureAwait(false);
        var kept = new Dictionary<object, IKept>();
        var (together, alone, waiting) = (new List<int>(), new List<int>(), new List<int>());
        var changing = new HashSet<string>(StringComparer.Ordinal);
        foreach (var index in left)
        {
            try
            {
                var (decision, reading) = await DecisionLoop.RunAsync(
                    decider, batch[index].Message, batch[index].Cause, source, CancellationToken.None).ConfigureAwait(false);
                if (changing.Count > 0 && reading.Versions.Keys.Any(changing.Contains))
                {
                    waiting.Add(index);
                    continue;
                }

                if (decision.Why is null)
                {
                    alone.Add(index);
                    changing.UnionWith(decision.Streams.Select(entry => entry.Stream));
                    continue;
                }

                foreach (var entry in decision.Kept)
                {
                    kept[entry.Asked] = entry;
                    source.Know(entry.Asked, entry.Answer);
                }

                together.Add(index);
                outcomes[index] = new Outcome(decision, null);
            }
            catch (Exception e) when (e is not OperationCanceledException && !StoreErrors.Retries.IsOutage(e))
            {
                outcomes[index] = new Outcome(null, e);
            }
        }

        foreach (var kind in kept.Values.GroupBy(entry => entry.GetType()))
            keepers[kind.Key].KeepAll([.. kind], session);
        if (kept.Count > 0)
            await session.SaveChangesAsync().ConfigureAwait(false);
        foreach (var index in together)
            runner.Nothing(decider, batch[index].Message, outcomes[index].Decision!);
        await Parallel.ForEachAsync(
            alone,
            new ParallelOptions { MaxDegreeOfParallelism = AloneAtOnce },
            async (index, _) => outcomes[index] = await HandleAloneAsync(batch[index].Message, batch[index].Cause).ConfigureAwait(false))
            .ConfigureAwait(false);
        foreach (var stream in changing)
            states.Forget(stream);
        return waiting;
    }

    private async Task<Outcome> HandleAloneAsync(TMessage message, Cause cause)
    {
        try
        {
            return new Outcome(await runner.HandleAsync(decider, message, cause, CancellationToken.None).ConfigureAwait(false), null);
        }
        catch (Exception e)
        {
            // It alone is tried again, as every message is.
            return new Outcome(null, e);
        }
    }

    /// <summary>Reads what all of them ask for: streams that have grown, and what is kept, of which each kind is read at once.</summary>
    private async Task ReadAsync(IReadOnlyList<(TMessage Message, Cause Cause)> batch, Source source)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            var questions = new HashSet<object>();
            var read = new HashSet<string>(StringComparer.Ordinal);
            foreach (var (message, cause) in batch)
            {
                try
                {
                    var (question, reading) = await DecisionLoop.AskAsync(decider, message, cause, source, CancellationToken.None)
                        .ConfigureAwait(false);
                    read.UnionWith(reading.Versions.Keys);
                    if (question is not null)
                        questions.Add(question);
                }
                catch (Exception e) when (e is not OperationCanceledException && !StoreErrors.Retries.IsOutage(e))
                {
                    // It fails again when it is decided, and is told then.
                }
            }

            if (isFirst && read.Count > 0 && await states.ForgetGrownAsync(read, CancellationToken.None).ConfigureAwait(false))
                continue;
            if (questions.Count == 0)
                return;
            await source.AnswerAsync(questions).ConfigureAwait(false);
        }
    }

    /// <summary>What came of a message.</summary>
    /// <param name="Decision">What was decided; null when it failed.</param>
    /// <param name="Failure">What failed for it alone; null when nothing did.</param>
    internal readonly record struct Outcome(Decision? Decision, Exception? Failure);

    private sealed class Source(ReadyStates states, IReadOnlyList<IFactSource> facts, IDocumentSession session)
        : IReadingSource, IReadyReadings
    {
        private readonly Dictionary<object, object?> answers = [];

        public Versioned<TState>? StateOf<TState>(string stream)
            where TState : class, IState<TState> => states.Find<TState>(stream);

        public bool TryAnswer(object asked, out object? answer) => answers.TryGetValue(asked, out answer);

        public ValueTask<Versioned<TState>> LoadAsync<TState>(string stream, CancellationToken cancellation)
            where TState : class, IState<TState> => states.LoadAsync<TState>(stream, cancellation);

        public async ValueTask<TAnswer> AnswerAsync<TAnswer>(IFact<TAnswer> asked, CancellationToken cancellation)
        {
            await AnswerAsync([asked]).ConfigureAwait(false);
            return (TAnswer)answers[asked]!;
        }

        public void Know(object asked, object? answer) => answers[asked] = answer;

        public async Task AnswerAsync(IReadOnlyCollection<object> questions)
        {
            foreach (var kind in questions.GroupBy(question => question.GetType()))
            {
                var source = facts.FirstOrDefault(source => source.Asked == kind.Key)
                    ?? throw new InvalidOperationException($"Nothing in this service answers {kind.Key.Name}.");
                var all = await source.AnswerAllAsync([.. kind], session, CancellationToken.None).ConfigureAwait(false);
                foreach (var (asked, answer) in all)
                    answers[asked] = answer;
            }
        }
    }
}
