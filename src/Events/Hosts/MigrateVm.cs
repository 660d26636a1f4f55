using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

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
/// <param name="ExpiresAt">Not begun after this time (UTC), but answered as expired; null: however late.</param>
[WireName("justrunit.migrate-vm.v1")]
public sealed record MigrateVm(
    string Subject,
    Guid RequestId,
    [Named] string Agent,
    [Named] string Vm,
    [Named] string From,
    [Named] string To,
    [Named] string? ToAgent = null,
    DateTimeOffset? ExpiresAt = null) : IAgentCommand, IAnsweredCommand;
