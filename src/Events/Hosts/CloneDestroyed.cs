using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Hosts;

/// <summary>A host agent's answer to <see cref="DestroyClone"/>: nothing of the clone is left, and nothing of it will be made.</summary>
/// <param name="Subject">Stream that asked.</param>
/// <param name="RequestId">The request.</param>
/// <param name="Agent">The host agent.</param>
/// <param name="CloneName">Name of the clone.</param>
/// <param name="Failure">Why it is not so, one line; null when it is.</param>
[WireName("justrunit.clone-destroyed.v1")]
public sealed record CloneDestroyed(
    string Subject, Guid RequestId, [Named] string Agent, string CloneName, string? Failure = null) : IReport;
