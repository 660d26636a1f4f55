using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Auditing;

/// <summary>A decider with one kind of message that it answers.</summary>
internal abstract class Rule
{
    /// <summary>Decides.</summary>
    public abstract ValueTask<(Decision Decision, Reading Reading)> RunAsync(
        object message, Cause cause, IReadingSource source, CancellationToken cancellation);

    /// <summary>That of a kind of message that is known only when the program runs.</summary>
    public static Rule Of(IDecider decider, Type message) =>
        (Rule)Activator.CreateInstance(typeof(Typed<>).MakeGenericType(message), decider)!;

    private sealed class Typed<TMessage>(IDecider<TMessage> decider) : Rule
        where TMessage : class
    {
        public override ValueTask<(Decision Decision, Reading Reading)> RunAsync(
            object message, Cause cause, IReadingSource source, CancellationToken cancellation) =>
            DecisionLoop.RunAsync(decider, (TMessage)message, cause, source, cancellation);
    }
}
