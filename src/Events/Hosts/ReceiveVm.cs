using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Hosts;

/// <summary>
/// A host agent asks another to take up an on-line virtual machine that it was told to move (<see cref="MigrateVm"/>). Who receives it
/// answers with <see cref="VmMigrated"/>, and again when asked again; the sender answers with <see cref="VmMigrationFailed"/> when it
/// stays.
/// </summary>
/// <param name="Subject">Stream that asked for the move; repeated in the answer.</param>
/// <param name="RequestId">Of the move; repeated in the answer.</param>
/// <param name="Agent">The host agent that is to take it up.</param>
/// <param name="Vm">The virtual machine.</param>
/// <param name="To">Machine that it goes to.</param>
/// <param name="Endpoint">
/// host:port at which the sender waits; null when it no longer has the virtual machine, and asks where it is.
/// </param>
/// <param name="Ticket">What the receiver says first, so that the sender knows whom it talks to.</param>
/// <param name="ExpiresAt">Not begun after this time (UTC), but answered as expired; null: however late.</param>
[WireName("justrunit.receive-vm.v1")]
public sealed record ReceiveVm(
    string Subject,
    Guid RequestId,
    [Named] string Agent,
    [Named] string Vm,
    [Named] string To,
    string? Endpoint,
    Guid Ticket,
    DateTimeOffset? ExpiresAt = null) : IAgentCommand, IAnsweredCommand;
