using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Deciding;

/// <summary>
/// Runs a decider: again and again, with one more reading each time, until it asks for nothing that is not there. A decider
/// is pure, so that the runs before the last leave nothing behind.
/// </summary>
public static class DecisionLoop
{
    private const int MostReadings = 1_000;

    /// <summary>Runs a decider over one message.</summary>
    /// <param name="decider">The decider.</param>
    /// <param name="message">The message.</param>
    /// <param name="cause">Its id, and the clock.</param>
    /// <param name="source">Where readings come from.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <returns>The decision, and everything that was read for it.</returns>
    /// <exception cref="InvalidOperationException">The decider never stops asking.</exception>
    public static async ValueTask<(Decision Decision, Reading Reading)> RunAsync<TMessage>(
        IDecider<TMessage> decider, TMessage message, Cause cause, IReadingSource source, CancellationToken cancellation)
        where TMessage : class
    {
        var (decision, _, reading) = await GoOnAsync(decider, message, cause, source, toQuestion: false, cancellation)
            .ConfigureAwait(false);
        return (decision!, reading);
    }

    /// <summary>
    /// The first question for what is kept beside the streams that a decider has and that is not ready, so that it can be answered
    /// together with those of other messages; null when it has none.
    /// </summary>
    /// <param name="decider">The decider.</param>
    /// <param name="message">The message.</param>
    /// <param name="cause">Its id, and the clock.</param>
    /// <param name="source">Where streams come from, and what is ready.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public static async ValueTask<(object? Question, Reading Reading)> AskAsync<TMessage>(
        IDecider<TMessage> decider, TMessage message, Cause cause, IReadingSource source, CancellationToken cancellation)
        where TMessage : class
    {
        var (_, question, reading) = await GoOnAsync(decider, message, cause, source, toQuestion: true, cancellation)
            .ConfigureAwait(false);
        return (question, reading);
    }

    /// <summary>
    /// Reads what is missing until the decider has decided, or, where questions are asked for, has one that is not ready.
    /// </summary>
    private static async ValueTask<(Decision? Decision, object? Question, Reading Reading)> GoOnAsync<TMessage>(
        IDecider<TMessage> decider, TMessage message, Cause cause, IReadingSource source, bool toQuestion, CancellationToken cancellation)
        where TMessage : class
    {
        ArgumentNullException.ThrowIfNull(decider);
        ArgumentNullException.ThrowIfNull(source);
        var reading = new Reading(source as IReadyReadings);
        for (var readings = 0; readings < MostReadings; readings++)
        {
            Needed needed;
            try
            {
                return (decider.Decide(reading, message, cause), null, reading);
            }
            catch (Needed more)
            {
                needed = more;
            }

            if (toQuestion && needed.Question is { } question)
                return (null, question, reading);
            await needed.ProvideAsync(reading, source, cancellation).ConfigureAwait(false);
        }

        throw new InvalidOperationException($"{decider.Name} asked for more than {MostReadings} readings.");
    }
}
