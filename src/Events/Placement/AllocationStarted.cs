using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;

namespace JustRunIt.Events.Placement;

/// <summary>An on-line virtual machine is to get another allocation. On the data centre's stream, by Placement.</summary>
/// <param name="DataCenter">The data centre.</param>
/// <param name="DecisionId">The decision.</param>
/// <param name="Step">Index of the step.</param>
/// <param name="RequestId">Of the command that follows.</param>
/// <param name="Agent">The host agent that is to do it.</param>
/// <param name="Vm">The virtual machine.</param>
/// <param name="Cpu">The cap to set.</param>
/// <param name="Memory">The limit to set; null leaves it.</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.allocation-started.v1")]
public sealed record AllocationStarted(
    string DataCenter,
    Guid DecisionId,
    int Step,
    Guid RequestId,
    string Agent,
    string Vm,
    CpuShare Cpu,
    MemorySize? Memory,
    DateTimeOffset At) : IDomainEvent;
