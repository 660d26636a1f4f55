using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.DataCenters;

/// <summary>
/// A machine stays its agent's. On the data centre's stream, by Placement; the answer to <see cref="Hosts.ForgetMachine"/>.
/// </summary>
/// <param name="DataCenter">The data centre.</param>
/// <param name="Machine">The machine.</param>
/// <param name="RequestId">The request.</param>
/// <param name="Reason">One line, with the remedy.</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.machine-not-forgotten.v1")]
public sealed record MachineNotForgotten(
    string DataCenter, string Machine, Guid RequestId, string Reason, DateTimeOffset At) : IDomainEvent;
