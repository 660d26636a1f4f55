using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.DataCenters;

/// <summary>
/// A host agent announced a server whose name another one holds, or on a machine that another one holds, without a move that was
/// ordered: it stays the holder's. On the data centre's stream, by Placement; the claimant hears it and says so in its log.
/// </summary>
/// <param name="DataCenter">The data centre.</param>
/// <param name="Vm">The virtual machine.</param>
/// <param name="Machine">Where it is said to run.</param>
/// <param name="Agent">The host agent that is refused.</param>
/// <param name="Holder">The host agent that holds the server, or the machine.</param>
/// <param name="Reason">One line, with the remedy.</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.vm-claim-refused.v1")]
public sealed record VmClaimRefused(
    string DataCenter, string Vm, string Machine, string Agent, string Holder, string Reason, DateTimeOffset At) : IDomainEvent;
