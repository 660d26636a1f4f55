using JustRunIt.Events.Quantities;

namespace JustRunIt.HostAgent.Machines;

/// <summary>
/// Processes in one of the agent's control groups that nothing explains, or of which what is noted is not so. They run on and are not
/// touched; what they have counts as taken, and their name too, until they end, or an operator says what they are.
/// </summary>
/// <param name="Name">Name of their group.</param>
/// <param name="Machine">Where.</param>
/// <param name="Cpu">Share that counts as taken.</param>
/// <param name="Memory">Memory that counts as taken.</param>
/// <param name="Reason">Why they are not taken up; half a sentence.</param>
/// <param name="Known">What is noted of a server of that name, with which an operator may have it taken up; null for nothing.</param>
internal sealed record Quarantined(string Name, string Machine, CpuShare Cpu, MemorySize Memory, string Reason, RunningVm? Known)
{
    /// <summary>Why nothing else can have the name.</summary>
    public string NameIsTaken => $"{Name}: the name is that of processes on machine {Machine} that are in quarantine ({Reason}); "
        + "'./justrunit hosts' lists them, with --adopt or --end they are taken up or ended";
}
