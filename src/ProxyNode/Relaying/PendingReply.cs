namespace JustRunIt.ProxyNode.Relaying;

/// <summary>A request that was sent on and is not answered yet.</summary>
/// <param name="Arrival">When its first byte was read.</param>
/// <param name="Tap">Who watches.</param>
internal readonly record struct PendingReply(long Arrival, ITap? Tap);
