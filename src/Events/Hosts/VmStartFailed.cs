using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Hosts;

/// <summary>A virtual machine could not be started; nothing is left behind.</summary>
/// <param name="RequestId">The request.</param>
/// <param name="Agent">The host agent.</param>
/// <param name="Vm">Its name.</param>
/// <param name="Reason">One line.</param>
[WireName("justrunit.vm-start-failed.v1")]
public sealed record VmStartFailed(Guid RequestId, [Named] string Agent, string Vm, string Reason) : IReport;
