using System.Net;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Relaying;

namespace JustRunIt.ProxyNode.Configuration;

/// <summary>
/// What every proxy does, whichever side of a server it stands on: takes connections and relays them to the server behind.
/// </summary>
/// <param name="Listen">Where it takes them.</param>
/// <param name="Upstream">The server behind.</param>
internal sealed record RelaySettings(IPEndPoint Listen, EndPoint Upstream)
{
    /// <summary>What both sides speak.</summary>
    public IProtocol Protocol { get; init; } = ProtocolRegistry.Default;

    /// <summary>The address whose new connections are redirected to the proxy; null: none.</summary>
    public IPEndPoint? Install { get; init; }

    /// <summary>
    /// Connections to that address which were open before, and idle for so long, are ended; null: they are left until their clients do.
    /// </summary>
    public TimeSpan? EndIdle { get; init; }

    /// <summary>How many connections it takes, and how long it waits for those that say nothing.</summary>
    public ConnectionLimits Limits { get; init; } = new();

    /// <summary>The virtual machine that the server runs in, to follow when it moves; null: it stays.</summary>
    public string? Vm { get; init; }
}
