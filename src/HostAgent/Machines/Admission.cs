using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Configuration;

namespace JustRunIt.HostAgent.Machines;

/// <summary>Refuses what does not fit: shares are promised, so their sum never exceeds the machine.</summary>
internal sealed class Admission(AgentSettings settings, RunningVms running)
{
    private const double Tolerance = 1e-9;

    /// <summary>Lets <paramref name="vm"/> have so much of a machine.</summary>
    /// <exception cref="HostException">It does not fit, or there is no such machine.</exception>
    public void Admit(string machineName, string vm, CpuShare cpu)
    {
        var machine = settings.Machine(machineName);
        var others = running.All.Where(other => other.Machine == machineName && other.Name != vm).Sum(other => other.Cpu.Cores);
        if (others + cpu.Cores > machine.Cpu.Cores + Tolerance)
        {
            var left = new CpuShare(Math.Max(0, machine.Cpu.Cores - others));
            throw new HostException($"cpu: {cpu} for {vm} is more than machine {machineName} has left ({left} of {machine.Cpu})");
        }
    }
}
