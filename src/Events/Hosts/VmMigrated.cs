using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Hosts;

/// <summary>A host agent's answer to <see cref="MigrateVm"/>.</summary>
/// <param name="Subject">Stream that asked.</param>
/// <param name="RequestId">The request.</param>
/// <param name="Agent">The host agent.</param>
/// <param name="Vm">The virtual machine.</param>
/// <param name="To">Where it runs now.</param>
/// <param name="Took">From the command to the end of the move.</param>
[WireName("justrunit.vm-migrated.v1")]
public sealed record VmMigrated(string Subject, Guid RequestId, string Agent, string Vm, string To, TimeSpan Took) : IReport;
