using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Replaying.Shadows;

namespace JustRunIt.ProxyNode.Replaying.Pacing;

/// <summary>What a connection to the clone has to do at a time.</summary>
/// <param name="Due">When.</param>
/// <param name="Shadow">Which connection.</param>
/// <param name="Exchange">The duplicate to send; null: to connect, or to close.</param>
/// <param name="Ends">To close, as the on-line connection did.</param>
internal readonly record struct ScheduledAction(long Due, ShadowConnection Shadow, Exchange? Exchange, bool Ends);
