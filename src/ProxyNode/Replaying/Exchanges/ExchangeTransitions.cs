using System.Diagnostics;
using static JustRunIt.ProxyNode.Replaying.Exchanges.ExchangeState;

namespace JustRunIt.ProxyNode.Replaying.Exchanges;

/// <summary>
/// What becomes of an exchange, by what it is and what happens: all that can. Events come from the on-line connection's two
/// directions, from the clone's connection and from whoever sheds, each on a thread of its own.
/// </summary>
internal static class ExchangeTransitions
{
    private const int Events = 9;

    /// <summary>
    /// Told of every event that came where it cannot: a fault of ours; the event is left out. Null: builds for debugging fail an
    /// assertion.
    /// </summary>
    public static Action<ExchangeState, ExchangeEvent>? OnImpossible { get; set; }

    // A row for each state. What was shed or abandoned hears the rest of its connection, which changes nothing any more; its
    // duplicate is with nobody, so the clone cannot answer it.
    private static ReadOnlySpan<ExchangeState> Table =>
    [
        // Begins, BeginsOneWay, RequestEnded, RequestBroken, OnlineAnswered, OnlineAborted, CloneAnswered, GivenUp, Released
        /* Free */
        Asking, AskingAnswered, Impossible, Impossible, Impossible, Impossible, Impossible, Impossible, Impossible,
        /* Asking */
        Impossible, Impossible, Waiting, Abandoned, AskingAnswered, Abandoned, Impossible, Shed, Impossible,
        /* AskingAnswered */
        Impossible, Impossible, OnlineDone, Abandoned, Impossible, Impossible, Impossible, Shed, Impossible,
        /* Waiting */
        Impossible, Impossible, Impossible, Impossible, OnlineDone, OnlineDone, CloneDone, Shed, Impossible,
        /* OnlineDone */
        Impossible, Impossible, Impossible, Impossible, Impossible, Impossible, Complete, Shed, Impossible,
        /* CloneDone */
        Impossible, Impossible, Impossible, Impossible, Complete, Complete, Impossible, Impossible, Impossible,
        /* Complete */
        Impossible, Impossible, Impossible, Impossible, Impossible, Impossible, Impossible, Impossible, Free,
        /* Shed */
        Impossible, Impossible, Shed, Shed, Shed, Shed, Impossible, Shed, Impossible,
        /* Abandoned */
        Impossible, Impossible, Abandoned, Abandoned, Abandoned, Abandoned, Impossible, Abandoned, Impossible,
    ];

    /// <summary>The next state; <see cref="Impossible"/> where the event cannot happen.</summary>
    public static ExchangeState Next(ExchangeState state, ExchangeEvent what) => Table[((int)state * Events) + (int)what];

    /// <summary>Moves a state on, whichever threads do so at the same time.</summary>
    /// <param name="state">The <see cref="ExchangeState"/>.</param>
    /// <param name="what">What has happened.</param>
    /// <param name="now">The state afterwards; <see cref="Impossible"/> of an event that cannot happen, which changes nothing.</param>
    /// <returns>Whether it has changed.</returns>
    public static bool TryMove(ref int state, ExchangeEvent what, out ExchangeState now)
    {
        while (true)
        {
            var before = (ExchangeState)Volatile.Read(ref state);
            now = Next(before, what);
            if (now == Impossible)
                Report(before, what);
            if (now == before || now == Impossible)
                return false;
            if (Interlocked.CompareExchange(ref state, (int)now, (int)before) == (int)before)
                return true;
        }
    }

    private static void Report(ExchangeState state, ExchangeEvent what)
    {
        if (OnImpossible is { } tell)
            tell(state, what);
        else
            Debug.Fail($"An exchange that is {state} cannot hear {what}.");
    }
}
