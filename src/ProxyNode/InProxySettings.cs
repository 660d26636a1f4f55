using System.Net;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode;

/// <summary>An in-proxy.</summary>
/// <param name="Relay">Before which server.</param>
/// <param name="Rules">The service's rules.</param>
/// <param name="MemoryLimitBytes">Bound of the shadow queue.</param>
/// <param name="Tags">What its instruments are told, besides the side.</param>
internal sealed record InProxySettings(
    RelaySettings Relay, ServiceRules Rules, long MemoryLimitBytes, IReadOnlyList<KeyValuePair<string, object?>> Tags)
{
    /// <summary>The clone that gets duplicates from the start; null: none.</summary>
    public Duplication? Duplication { get; init; }

    /// <summary>Whether a clone may come later, by <see cref="InProxy.Duplicate"/>.</summary>
    public bool IsForExperiments { get; init; }

    /// <summary>The file into which on-line traffic is recorded; null: none.</summary>
    public string? TraceFile { get; init; }

    /// <summary>Largest size of that file.</summary>
    public long TraceLimitBytes { get; init; } = 1L << 30;
}

/// <summary>How on-line traffic is duplicated to a clone.</summary>
/// <param name="Sandbox">The clone.</param>
/// <param name="TimeShift">How far it is behind.</param>
/// <param name="Speed">Sessions begun a second at the clone, to those on-line.</param>
/// <param name="Hold">How much longer than the time shift the first session is held back, so that those after it can begin faster.</param>
internal sealed record Duplication(IPEndPoint Sandbox, TimeSpan TimeShift, double Speed, TimeSpan Hold);
