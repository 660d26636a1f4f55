using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.DataCenters;

/// <summary>
/// A machine's name, and those of the servers on it, are nobody's: any agent may announce them. On the data centre's stream, by
/// Placement; the answer to <see cref="Hosts.ForgetMachine"/>, also where there was nothing to forget.
/// </summary>
/// <param name="DataCenter">The data centre.</param>
/// <param name="Machine">The machine.</param>
/// <param name="RequestId">The request.</param>
/// <param name="Agent">The host agent that held it; null when it was not known.</param>
/// <param name="Vms">The servers that were on it.</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.machine-forgotten.v1")]
public sealed record MachineForgotten(
    string DataCenter, string Machine, Guid RequestId, string? Agent, IReadOnlyList<string> Vms, DateTimeOffset At) : IDomainEvent;
