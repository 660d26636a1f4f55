using System.Text.Json.Serialization;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Deciding;

/// <summary>Why a message decided nothing: a closed list, which is also a label of the metric that counts them.</summary>
[JsonConverter(typeof(NamedEnumConverter<WhyNothing>))]
public enum WhyNothing
{
    /// <summary>The message speaks to another service, or of a stream of another kind.</summary>
    NotAddressed,

    /// <summary>It was handled before: redelivered, or overtaken.</summary>
    AlreadyHandled,

    /// <summary>Nobody waits for this answer, or for this timer, any longer.</summary>
    NotAwaited,

    /// <summary>It speaks of a service, matrix or server that is not known.</summary>
    Unregistered,

    /// <summary>What it would begin is under way.</summary>
    UnderWay,

    /// <summary>Something like it ended a moment ago.</summary>
    CoolingDown,

    /// <summary>Everything is as it says already.</summary>
    Unchanged,

    /// <summary>It was tried as often as the policy allows.</summary>
    Exhausted,

    /// <summary>It speaks of a time that lies further ahead of the clock than is tolerated; its sender is told.</summary>
    Ahead,

    /// <summary>What it speaks of was judged already without it; its sender is told.</summary>
    Late,

    /// <summary>The message cannot be understood, or says what cannot be; its sender is told.</summary>
    Refused,
}
