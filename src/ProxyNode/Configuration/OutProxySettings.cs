using System.Net;
using JustRunIt.ProxyNode.Sandboxes;

namespace JustRunIt.ProxyNode.Configuration;

/// <summary>An out-proxy.</summary>
/// <param name="Name">The next tier.</param>
/// <param name="Relay">Between the on-line server and the next tier.</param>
/// <param name="SandboxListen">Where a clone finds the next tier; null: nowhere, and nothing is recorded for one.</param>
internal sealed record OutProxySettings(string Name, RelaySettings Relay, IPEndPoint? SandboxListen)
{
    private readonly SandboxClients? clients;

    /// <summary>Who is answered there; clones on this host unless told otherwise.</summary>
    public SandboxClients Clients
    {
        get => clients ?? SandboxClients.OfThisHost;
        init => clients = value;
    }

    /// <summary>Whether it was told: it must be where others than this host reach the address.</summary>
    public bool HasClients => clients is not null;
}
