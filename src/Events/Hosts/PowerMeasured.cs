using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;
using JustRunIt.Events.Quantities;

namespace JustRunIt.Events.Hosts;

/// <summary>A host agent tells what a machine drew over a short interval, and how it is shared among what runs there (§3.2).</summary>
/// <param name="DataCenter">The data centre.</param>
/// <param name="Agent">The host agent.</param>
/// <param name="Machine">The machine.</param>
/// <param name="From">Start of the interval (UTC).</param>
/// <param name="To">End of the interval (UTC).</param>
/// <param name="Power">Mean power of the machine over the interval.</param>
/// <param name="Base">Power of the machine with nothing running on it; null when it has not been seen so yet.</param>
/// <param name="Estimated">True when nothing was measured: the numbers were computed from utilization.</param>
/// <param name="Meter">What measured, or estimated.</param>
/// <param name="Vms">What runs on the machine, clones included.</param>
[WireName("justrunit.power-measured.v1")]
public sealed record PowerMeasured(
    [Named] string DataCenter,
    [Named] string Agent,
    [Named] string Machine,
    DateTimeOffset From,
    DateTimeOffset To,
    Watts Power,
    Watts? Base,
    bool Estimated,
    string Meter,
    IReadOnlyList<VmPower> Vms) : IReport
{
    /// <summary>The interval as one virtual machine saw it; null when it did not run on the machine.</summary>
    public PowerSample? SampleOf(string vm) => Vms.FirstOrDefault(present => present.Vm == vm) is { } share
        ? new PowerSample(From, To, new PowerDrawn(Machine, Power, Base, share.Dynamic, Estimated, Meter))
        : null;
}
