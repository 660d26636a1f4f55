using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Hosts;

/// <summary>A host agent's answer to <see cref="SettleVm"/>.</summary>
/// <param name="RequestId">The request.</param>
/// <param name="Agent">The host agent.</param>
/// <param name="Vm">Name of what was in quarantine.</param>
/// <param name="Adopted">Whether it is an on-line server of the agent's now.</param>
/// <param name="Refused">Why it is as it was; null when it was done. One line.</param>
[WireName("justrunit.vm-settled.v1")]
public sealed record VmSettled(Guid RequestId, string Agent, string Vm, bool Adopted, string? Refused) : IReport;
