using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Hosts;

/// <summary>
/// A host agent found processes at its start that nothing explains. They run on, untouched, until an operator says what they are
/// (<see cref="SettleVm"/>) or they end; what they have and their name are taken.
/// </summary>
/// <param name="Agent">The host agent.</param>
/// <param name="Machine">Where.</param>
/// <param name="Vm">Name of their control group.</param>
/// <param name="Allocation">What counts as taken.</param>
/// <param name="CanBeAdopted">Whether it is noted how a server of that name was started.</param>
/// <param name="Reason">Why they are not taken up; one line.</param>
[WireName("justrunit.vm-quarantined.v1")]
public sealed record VmQuarantined(
    [Named] string Agent, [Named] string Machine, string Vm, Allocation Allocation, bool CanBeAdopted, string Reason) : IReport;
