using System.Net;

namespace JustRunIt.ProxyNode.Configuration;

/// <summary>An out-proxy.</summary>
/// <param name="Name">The next tier.</param>
/// <param name="Relay">Between the on-line server and the next tier.</param>
/// <param name="SandboxListen">Where a clone finds the next tier; null: nowhere, and nothing is recorded for one.</param>
internal sealed record OutProxySettings(string Name, RelaySettings Relay, IPEndPoint? SandboxListen);
