using System.Runtime.CompilerServices;
using CsCheck;
using JustRunIt.ProxyNode.Replaying.Exchanges;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>The table of an exchange's states is complete, and says what it should.</summary>
public sealed class ExchangeTransitionsTests
{
    private static readonly ExchangeState[] States = [.. Enum.GetValues<ExchangeState>().Where(state => state != ExchangeState.Impossible)];
    private static readonly ExchangeEvent[] Events = Enum.GetValues<ExchangeEvent>();

    /// <summary>Both sides, and whoever sheds, have said all that they will.</summary>
    private static readonly ExchangeState[] Ends = [ExchangeState.Complete, ExchangeState.Shed, ExchangeState.Abandoned];

    /// <summary>What one on-line connection and the clone's may say of one exchange, each in its own order.</summary>
    private static readonly Gen<(ExchangeEvent Begin, ExchangeEvent Request, ExchangeEvent Online, bool IsShed, int[] Choices)> Histories =
        Gen.Select(
            OneOf(ExchangeEvent.Begins, ExchangeEvent.BeginsOneWay),
            OneOf(ExchangeEvent.RequestEnded, ExchangeEvent.RequestBroken),
            OneOf(ExchangeEvent.OnlineAnswered, ExchangeEvent.OnlineAborted),
            Gen.Bool,
            Gen.Int[0, 5].Array[8]);

    [Fact]
    public void Every_state_has_an_answer_to_every_event()
    {
        foreach (var (state, what) in from state in States from what in Events select (state, what))
            Assert.True(Enum.IsDefined(ExchangeTransitions.Next(state, what)), $"{state} {what}");
        // One more row or column than there are states and events would go unnoticed.
        Assert.Throws<IndexOutOfRangeException>(() => ExchangeTransitions.Next(States[^1] + 1, Events[0]));
        Assert.Equal(ExchangeEvent.Released, Events[^1]);
        Assert.Equal(ExchangeState.Free, ExchangeTransitions.Next(ExchangeState.Complete, ExchangeEvent.Released));
    }

    [Fact]
    public void Every_state_is_reached_from_a_free_exchange_and_leads_to_an_end()
    {
        Assert.Equal(States.Order(), Reached(ExchangeState.Free).Order());
        Assert.All(States, state => Assert.NotEmpty(Reached(state).Intersect(Ends)));
    }

    [Fact]
    public void What_has_ended_stays_so_until_it_is_released_and_only_what_is_complete_can_be()
    {
        foreach (var (state, what) in from state in Ends from what in Events where what != ExchangeEvent.Released select (state, what))
            Assert.Contains(ExchangeTransitions.Next(state, what), new[] { state, ExchangeState.Impossible });
        foreach (var state in States)
        {
            var isReleased = ExchangeTransitions.Next(state, ExchangeEvent.Released) != ExchangeState.Impossible;
            Assert.Equal(state == ExchangeState.Complete, isReleased);
        }
    }

    [Fact]
    public void Only_what_is_free_begins()
    {
        foreach (var state in States.Where(state => state != ExchangeState.Free))
        {
            Assert.Equal(ExchangeState.Impossible, ExchangeTransitions.Next(state, ExchangeEvent.Begins));
            Assert.Equal(ExchangeState.Impossible, ExchangeTransitions.Next(state, ExchangeEvent.BeginsOneWay));
        }
    }

    [Fact]
    public void Whatever_comes_first_the_same_end_is_reached_and_once() => Histories.Sample(history =>
    {
        var state = (int)ExchangeState.Free;
        var reached = new List<ExchangeState>();
        var (request, online, clone, shed) =
            (true, history.Begin == ExchangeEvent.Begins, history.Request == ExchangeEvent.RequestEnded, history.IsShed);
        Move(history.Begin);
        foreach (var choice in history.Choices.Concat([0, 1, 2, 3]))
        {
            switch (choice)
            {
                case 0 when request:
                    request = false;
                    Move(history.Request);
                    break;
                case 1 when online:
                    // A connection that aborts tells of it after its last reply, and a reply that has ended is not aborted.
                    online = false;
                    Move(history.Online);
                    break;
                case 2 when clone && !request && State() is ExchangeState.Waiting or ExchangeState.OnlineDone:
                    clone = false;
                    Move(ExchangeEvent.CloneAnswered);
                    break;
                case 3 when shed && clone && State() != ExchangeState.Free:
                    shed = false;
                    Move(ExchangeEvent.GivenUp);
                    break;
            }
        }

        if (clone && !request && State() is ExchangeState.Waiting or ExchangeState.OnlineDone)
            Move(ExchangeEvent.CloneAnswered);
        Assert.Contains(State(), Ends);
        Assert.Single(reached, Ends.Contains);

        ExchangeState State() => (ExchangeState)state;

        void Move(ExchangeEvent what)
        {
            Assert.NotEqual(ExchangeState.Impossible, ExchangeTransitions.Next(State(), what));
            if (ExchangeTransitions.TryMove(ref state, what, out var now))
                reached.Add(now);
        }
    });

    [Fact]
    public async Task What_cannot_happen_changes_nothing_and_is_counted_and_told()
    {
        await using var replay = Interleaving.Idle(TimeProvider.System);
        ImpossibleTransitions.Expected = [];
        try
        {
            var exchange = new Exchange(replay);
            exchange.SandboxAnswered(default);
            Assert.Equal((ExchangeState.Free, 1), (exchange.State, replay.FaultCount));
            Assert.Equal([(ExchangeState.Free, ExchangeEvent.CloneAnswered)], ImpossibleTransitions.Expected);
        }
        finally
        {
            ImpossibleTransitions.Expected = null;
        }
    }

    private static Gen<ExchangeEvent> OneOf(ExchangeEvent first, ExchangeEvent second) =>
        Gen.Bool.Select(isFirst => isFirst ? first : second);

    private static List<ExchangeState> Reached(ExchangeState from)
    {
        var reached = new List<ExchangeState> { from };
        for (var i = 0; i < reached.Count; i++)
        {
            foreach (var next in Events.Select(what => ExchangeTransitions.Next(reached[i], what)))
            {
                if (next != ExchangeState.Impossible && !reached.Contains(next))
                    reached.Add(next);
            }
        }

        return reached;
    }
}

/// <summary>In tests, what cannot happen to an exchange ends whatever did it.</summary>
internal static class ImpossibleTransitions
{
    /// <summary>What this thread expects; null: nothing.</summary>
    [ThreadStatic]
    internal static List<(ExchangeState State, ExchangeEvent What)>? Expected;

    [ModuleInitializer]
    internal static void AreErrors() => ExchangeTransitions.OnImpossible = (state, what) =>
    {
        if (Expected is { } expected)
            expected.Add((state, what));
        else
            // An exception might end nothing but a connection.
            Environment.FailFast($"an exchange that is {state} cannot hear {what}\n{Environment.StackTrace}");
    };
}
