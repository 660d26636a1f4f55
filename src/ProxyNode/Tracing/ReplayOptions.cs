using System.Net;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Tracing;

/// <summary>What a replay of a trace was told on the command line.</summary>
/// <param name="Trace">The trace's file.</param>
/// <param name="To">The server.</param>
/// <param name="Protocol">Which the trace must be of; null: whatever it is of.</param>
/// <param name="Fraction">Sessions repeated, to those recorded.</param>
/// <param name="Speed">Sessions begun a second, to those recorded.</param>
/// <param name="Seed">Of what is left to chance.</param>
/// <param name="Rules">The service's rules.</param>
/// <param name="IsJson">The report is JSON.</param>
internal sealed record ReplayOptions(
    string Trace, IPEndPoint To, IMessageProtocol? Protocol, double Fraction, double Speed, int Seed, ServiceRules Rules, bool IsJson)
{
    /// <summary>How fast a session goes on, to how fast it did.</summary>
    public double Pace { get; init; } = 1;
}
