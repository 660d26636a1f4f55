using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.DataCenters;

/// <summary>
/// A host agent announced a machine whose name another one holds: the holder keeps it, until it is forgotten
/// (<see cref="Hosts.ForgetMachine"/>). On the data centre's stream, by Placement; the claimant hears it and says so in its log.
/// </summary>
/// <param name="DataCenter">The data centre.</param>
/// <param name="Machine">The machine.</param>
/// <param name="Agent">The host agent that is refused.</param>
/// <param name="Holder">The host agent that holds it.</param>
/// <param name="Reason">One line, with the remedy.</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.machine-claim-refused.v1")]
public sealed record MachineClaimRefused(
    string DataCenter, string Machine, string Agent, string Holder, string Reason, DateTimeOffset At) : IDomainEvent;
