using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Deciding;

/// <summary>
/// A rule by which events follow from messages. It has no state, no clock, no I/O and no randomness of its own, and has a
/// constructor without parameters, so that an audit can run it again over what was recorded.
/// </summary>
public interface IDecider
{
    /// <summary>Its name, recorded with every decision.</summary>
    string Name { get; }

    /// <summary>
    /// Counts the changes of the rule, from 1: recorded with every decision, so that history is judged by the rule of its time.
    /// </summary>
    int Version { get; }
}

/// <summary>The one shape of a decider: (state of the streams that it names, message, clock, policy) → events by stream.</summary>
/// <typeparam name="TMessage">The message that it answers.</typeparam>
public interface IDecider<in TMessage> : IDecider
    where TMessage : class
{
    /// <summary>
    /// What follows from a message. Everything is read before anything is computed: a reading that is not there yet ends the call,
    /// which is made again when it is (<see cref="DecisionLoop"/>).
    /// </summary>
    /// <param name="reading">The only way to look at anything; what it was asked is recorded.</param>
    /// <param name="message">The message.</param>
    /// <param name="cause">The message's id, and the clock.</param>
    Decision Decide(IReading reading, TMessage message, Cause cause);
}
