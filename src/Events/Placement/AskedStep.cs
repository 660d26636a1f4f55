namespace JustRunIt.Events.Placement;

/// <summary>
/// What a host agent was told to do in a step, until it is known what became of it. That goes on after the step was given up: the agent
/// may have done it all the same, and then its late word belongs in the inventory.
/// </summary>
/// <param name="RequestId">Of the command.</param>
/// <param name="DecisionId">The decision.</param>
/// <param name="Step">Index of the step.</param>
/// <param name="CorrelationId">Of everything that led to it; null from an older program that did not say.</param>
/// <param name="Vm">The virtual machine.</param>
/// <param name="StartedBy">The request that the virtual machine was started by; null where that is not known.</param>
/// <param name="Agent">The host agent that was told.</param>
/// <param name="To">Machine that it was told to move it to; null when it was given an allocation.</param>
/// <param name="ToAgent">The host agent of that machine; null when it is the same one.</param>
public sealed record AskedStep(
    Guid RequestId,
    Guid DecisionId,
    int Step,
    Guid? CorrelationId,
    string Vm,
    Guid? StartedBy,
    string Agent,
    string? To,
    string? ToAgent)
{
    /// <summary>Whether it was a move; otherwise it was an allocation.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsMove => To is not null;

    /// <summary>Whether an agent was asked: of a move between two agents either may answer.</summary>
    public bool IsAskedOf(string agent) => agent == Agent || agent == ToAgent;
}
