using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Placement;

/// <summary>A virtual machine is to move. On the data centre's stream, by Placement.</summary>
/// <param name="DataCenter">The data centre.</param>
/// <param name="DecisionId">The decision.</param>
/// <param name="Step">Index of the step.</param>
/// <param name="RequestId">Of the command that follows.</param>
/// <param name="Agent">The host agent that is to do it.</param>
/// <param name="Vm">The virtual machine.</param>
/// <param name="From">Machine that it leaves.</param>
/// <param name="To">Machine that it goes to.</param>
/// <param name="AnswerBy">A host agent that has not answered by then has failed (UTC).</param>
/// <param name="At">When (UTC).</param>
/// <param name="ToAgent">The host agent of the machine that it goes to; null when it is the same one.</param>
[WireName("justrunit.migration-started.v2")]
public sealed record MigrationStarted(
    string DataCenter,
    Guid DecisionId,
    int Step,
    Guid RequestId,
    string Agent,
    string Vm,
    string From,
    string To,
    DateTimeOffset AnswerBy,
    DateTimeOffset At,
    string? ToAgent = null) : IDomainEvent, IMoveOrdered;
