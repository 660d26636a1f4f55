using JustRunIt.Events.Naming;
using JustRunIt.Events.Quantities;

namespace JustRunIt.Events.Hosts;

/// <summary>A virtual machine's part of its machine's power.</summary>
/// <param name="Vm">The virtual machine or clone.</param>
/// <param name="Used">CPU that it used over the interval, in the machine's own cores.</param>
/// <param name="Dynamic">Its share of the power above the base, by CPU use; null while the base is unknown.</param>
public sealed record VmPower([Named] string Vm, CpuShare Used, Watts? Dynamic);
