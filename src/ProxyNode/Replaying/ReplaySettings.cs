using System.Net;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Replaying;

/// <summary>How traffic is repeated at a clone.</summary>
/// <param name="Protocol">What the tier speaks.</param>
/// <param name="Sandbox">The clone.</param>
/// <param name="TimeShift">How far the duplicates are behind the on-line requests.</param>
/// <param name="Rules">The service's rules.</param>
/// <param name="MemoryLimitBytes">Most bytes of duplicates that may wait.</param>
internal sealed record ReplaySettings(
    IMessageProtocol Protocol, IPEndPoint Sandbox, TimeSpan TimeShift, ServiceRules Rules, long MemoryLimitBytes)
{
    /// <summary>What its instruments are told, besides the side.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> Tags { get; init; } = [];

    /// <summary>How long the clone may take for one duplicate, at least; see <see cref="ServiceRules.AnswerLimit"/>.</summary>
    public TimeSpan AnswerLimit { get; init; } = Rules.AnswerLimit;

    /// <summary>Whether every exchange is kept for a result over an interval, and not only counted.</summary>
    public bool IsExperiment { get; init; } = true;
}
