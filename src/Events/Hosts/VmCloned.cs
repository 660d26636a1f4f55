using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Hosts;

/// <summary>A host agent's answer to <see cref="CloneVm"/>.</summary>
/// <param name="Subject">Stream that asked.</param>
/// <param name="RequestId">The request.</param>
/// <param name="Agent">The host agent.</param>
/// <param name="CloneName">Name of the clone.</param>
/// <param name="Endpoint">host:port at which the in-proxy reaches the clone.</param>
/// <param name="Hypervisor">The back end that made it.</param>
/// <param name="Cold">True when the clone was started afresh instead of copied while running (§2.2.1).</param>
/// <param name="Pause">How long the original stood still; zero for a cold clone.</param>
/// <param name="CloneTime">From the command to a healthy clone.</param>
/// <param name="BytesCopied">Memory and disk moved; 0 for a cold clone.</param>
[WireName("justrunit.vm-cloned.v1")]
public sealed record VmCloned(
    string Subject,
    Guid RequestId,
    [Named] string Agent,
    [Named] string CloneName,
    string Endpoint,
    string Hypervisor,
    bool Cold,
    TimeSpan Pause,
    TimeSpan CloneTime,
    long BytesCopied) : IReport
{
    /// <summary>What is wrong with the report in itself, naming field, value and what is allowed; null when nothing is.</summary>
    public string? Problem() => Wire.CountProblem("bytesCopied", BytesCopied);
}
