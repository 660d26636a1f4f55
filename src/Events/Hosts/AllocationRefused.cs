using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Hosts;

/// <summary>A host agent could not set an allocation; the former one stays in force.</summary>
/// <param name="Subject">Stream that asked.</param>
/// <param name="RequestId">The request.</param>
/// <param name="Agent">The host agent.</param>
/// <param name="Vm">The virtual machine or clone.</param>
/// <param name="Ended">Whether it no longer runs, so that no other allocation will do either.</param>
/// <param name="Reason">One line.</param>
[WireName("justrunit.allocation-refused.v1")]
public sealed record AllocationRefused(
    string Subject,
    Guid RequestId,
    [Named] string Agent,
    string Vm,
    bool Ended,
    string Reason) : IReport;
