using JustRunIt.ProxyNode.Replaying.GivingUp;

namespace JustRunIt.ProxyNode.Replaying.Exchanges;

/// <summary>How one side answered.</summary>
/// <param name="EndedAt">Timestamp of the last byte of the reply, or of giving up; 0 when neither has happened.</param>
/// <param name="Status">The protocol's own code, or <see cref="NoReply"/>.</param>
/// <param name="IsError">The server failed, or did not answer.</param>
/// <param name="GivenUp">Why there is none; null where there is one, or where it is the original's that is missing.</param>
internal readonly record struct Answer(long EndedAt, int Status, bool IsError, GiveUpReason? GivenUp = null)
{
    /// <summary>The connection ended without a reply.</summary>
    public const int NoReply = -1;

    /// <summary>No reply came, and none will.</summary>
    public static Answer None(long at, GiveUpReason? why = null) => new(at, NoReply, IsError: true, why);
}
