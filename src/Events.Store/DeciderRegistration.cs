using JustRunIt.Events.Deciding;
using JustRunIt.Hosting.Messaging;

namespace JustRunIt.Events.Store;

/// <summary>Which decider answers which message.</summary>
public static class DeciderRegistration
{
    /// <summary>Messages of a type are answered by a decider, one after another.</summary>
    /// <param name="registration">The process' consumers.</param>
    /// <param name="atOnce">How many it may answer at a time.</param>
    /// <typeparam name="TMessage">The message.</typeparam>
    /// <typeparam name="TDecider">The decider.</typeparam>
    public static ConsumerRegistration Decide<TMessage, TDecider>(this ConsumerRegistration registration, int atOnce = 1)
        where TMessage : class
        where TDecider : IDecider<TMessage>, new()
    {
        ArgumentNullException.ThrowIfNull(registration);
        return registration.Add<DeciderConsumer<TDecider, TMessage>, TMessage>(atOnce);
    }
}
