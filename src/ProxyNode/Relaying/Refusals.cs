using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.Relaying;

/// <summary>What a client is told for which there is no place.</summary>
internal static class Refusals
{
    /// <summary>A reason in words.</summary>
    public static string Text(ConnectionEnd why) => why switch
    {
        ConnectionEnd.RefusedByLimit => "The proxy has as many connections as it may have (maxConnections)",
        ConnectionEnd.RefusedBySource => "The proxy has as many connections from your address as it may have (maxConnectionsPerSource)",
        ConnectionEnd.ShedWhileIdle => "The proxy has closed this connection, which idled, to make room for others",
        ConnectionEnd.IdleTimedOut => "The connection has idled for too long (idleTimeout)",
        ConnectionEnd.Drained => "The proxy is taken from the path: connect anew",
        _ => "The proxy has no descriptors left for more connections",
    };

    /// <summary>The same in the protocol's words.</summary>
    public static ReadOnlyMemory<byte> In(Dialogue dialogue, ConnectionEnd why) => dialogue.Busy(Text(why));
}
