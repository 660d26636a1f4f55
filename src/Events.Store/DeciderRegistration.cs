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

    /// <summary>
    /// Messages of a type are answered by a decider, many in one transaction. For messages that come all the time, from which events
    /// seldom follow, and whose repetition the decider recognizes by what it keeps.
    /// </summary>
    /// <param name="registration">The process' consumers.</param>
    /// <param name="atOnce">
    /// How many it may answer together. The broker's client wakes all that wait for a message whenever one comes: with thousands that
    /// alone is half of what a Monitor does.
    /// </param>
    /// <typeparam name="TMessage">The message.</typeparam>
    /// <typeparam name="TDecider">The decider.</typeparam>
    public static ConsumerRegistration DecideTogether<TMessage, TDecider>(this ConsumerRegistration registration, int atOnce = 256)
        where TMessage : class
        where TDecider : IDecider<TMessage>, new()
    {
        ArgumentNullException.ThrowIfNull(registration);
        return registration.Add<TogetherConsumer<TDecider, TMessage>, TMessage>(atOnce);
    }
}
