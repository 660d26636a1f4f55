using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Hosts;

/// <summary>
/// Move an on-line virtual machine to another machine. Answered by <see cref="VmMigrated"/> or <see cref="VmMigrationFailed"/>.
/// </summary>
/// <param name="Subject">Stream that asks; repeated in the answer.</param>
/// <param name="RequestId">Repeated in the answer.</param>
/// <param name="Agent">The host agent that is to do it.</param>
/// <param name="Vm">The virtual machine.</param>
/// <param name="From">Machine that it leaves.</param>
/// <param name="To">Machine that it goes to.</param>
/// <param name="ToAgent">The host agent of that machine; null when it is the same one.</param>
[WireName("justrunit.migrate-vm.v1")]
public sealed record MigrateVm(
    string Subject, Guid RequestId, string Agent, string Vm, string From, string To, string? ToAgent = null) : IAgentCommand;
