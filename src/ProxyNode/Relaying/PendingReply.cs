namespace JustRunIt.ProxyNode.Relaying;

/// <summary>A request that was sent on and is not answered yet.</summary>
/// <param name="Arrival">When its first byte was read.</param>
/// <param name="IsHead">The reply has no body.</param>
/// <param name="MaySwitchProtocol">The reply may end HTTP on this connection.</param>
/// <param name="Tap">Who watches.</param>
internal readonly record struct PendingReply(long Arrival, bool IsHead, bool MaySwitchProtocol, ITap? Tap);
