using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Hosts;

/// <summary>A host agent could not clone; the original is untouched and nothing is left behind.</summary>
/// <param name="Subject">Stream that asked.</param>
/// <param name="RequestId">The request.</param>
/// <param name="Agent">The host agent.</param>
/// <param name="CloneName">Name the clone would have had.</param>
/// <param name="Reason">One line.</param>
[WireName("justrunit.vm-clone-failed.v1")]
public sealed record VmCloneFailed(string Subject, Guid RequestId, [Named] string Agent, string CloneName, string Reason) : IReport;
