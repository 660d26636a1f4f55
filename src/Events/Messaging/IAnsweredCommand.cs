namespace JustRunIt.Events.Messaging;

/// <summary>
/// A command that is answered exactly once, whatever becomes of it: done, failed, refused, expired, or not readable
/// (<see cref="Refusals"/>). Delivered again, it is answered with the same words, and nothing is done again.
/// </summary>
public interface IAnsweredCommand : ICommand
{
    /// <summary>Repeated in the answer.</summary>
    Guid RequestId { get; }

    /// <summary>
    /// After this time (UTC) it is not carried out any more, but answered as expired: whoever asked has stopped waiting. Null for a
    /// command that is right however late.
    /// </summary>
    DateTimeOffset? ExpiresAt { get; }
}
