using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Hosts;

/// <summary>A host agent could not move a virtual machine; it runs on where it was.</summary>
/// <param name="Subject">Stream that asked.</param>
/// <param name="RequestId">The request.</param>
/// <param name="Agent">The host agent.</param>
/// <param name="Vm">The virtual machine.</param>
/// <param name="Reason">One line.</param>
[WireName("justrunit.vm-migration-failed.v1")]
public sealed record VmMigrationFailed(string Subject, Guid RequestId, [Named] string Agent, string Vm, string Reason) : IReport;
