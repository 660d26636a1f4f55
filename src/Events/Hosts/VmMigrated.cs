using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Hosts;

/// <summary>A host agent's answer to <see cref="MigrateVm"/>.</summary>
/// <param name="Subject">Stream that asked.</param>
/// <param name="RequestId">The request.</param>
/// <param name="Agent">The host agent that has it now.</param>
/// <param name="Vm">The virtual machine.</param>
/// <param name="To">Where it runs now.</param>
/// <param name="Took">From the command to the end of the move; zero when it was asked again after the move.</param>
/// <param name="Endpoint">host:port at which it is reached there; null from an agent that does not tell.</param>
/// <param name="Moves">
/// How often it has moved between agents: what is said with a lower number is old. 0 when it has not left the agent that started it.
/// </param>
[WireName("justrunit.vm-migrated.v1")]
public sealed record VmMigrated(
    string Subject,
    Guid RequestId,
    [Named] string Agent,
    [Named] string Vm,
    [Named] string To,
    TimeSpan Took,
    string? Endpoint = null,
    int Moves = 0) : IReport;
