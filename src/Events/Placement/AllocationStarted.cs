using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Placement;

/// <summary>An on-line virtual machine is to get another allocation. On the data centre's stream, by Placement.</summary>
/// <param name="DataCenter">The data centre.</param>
/// <param name="DecisionId">The decision.</param>
/// <param name="Step">Index of the step.</param>
/// <param name="RequestId">Of the command that follows.</param>
/// <param name="Agent">The host agent that is to do it.</param>
/// <param name="Vm">The virtual machine.</param>
/// <param name="Allocation">What to set; a resource that is not named stays as it is.</param>
/// <param name="AnswerBy">A host agent that has not answered by then has failed (UTC).</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.allocation-started.v2")]
public sealed record AllocationStarted(
    string DataCenter,
    Guid DecisionId,
    int Step,
    Guid RequestId,
    string Agent,
    string Vm,
    Allocation Allocation,
    DateTimeOffset AnswerBy,
    DateTimeOffset At) : IDomainEvent, IPlacementProgress;
