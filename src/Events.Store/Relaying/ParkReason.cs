namespace JustRunIt.Events.Store.Relaying;

/// <summary>Why a message is parked.</summary>
public enum ParkReason
{
    /// <summary>An event, or a timer, of a type that no program which has led so far knows: newer software wrote it.</summary>
    UnknownType,

    /// <summary>Its body is not what its type says.</summary>
    Unreadable,

    /// <summary>The queue of a command or timer, or all of an event's readers, is not there, so that the broker gave it back.</summary>
    QueueGone,

    /// <summary>The broker refuses it: too large, not allowed, a queue that is full.</summary>
    Refused,

    /// <summary>It cannot be put on the wire, or there is no place that it is for.</summary>
    Unsendable,
}
