using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;

namespace JustRunIt.HostAgent.Hypervisors;

/// <summary>A virtual machine or clone that runs; what the agent must know after a restart.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Machine">Where it runs.</param>
/// <param name="Start">How it, or its original, was started.</param>
/// <param name="Cpu">The cap in force.</param>
/// <param name="Memory">The limit in force.</param>
/// <param name="Endpoint">host:port at which it is reached.</param>
/// <param name="ProcessId">Its first process.</param>
/// <param name="ProcessStart">Start time of that process in clock ticks since boot: a pid may be used again, with another start.</param>
/// <param name="Origin">What it is a clone for; null for an on-line virtual machine.</param>
internal sealed record RunningVm(
    string Name,
    string Machine,
    StartVm Start,
    CpuShare Cpu,
    MemorySize Memory,
    string Endpoint,
    int ProcessId,
    long ProcessStart,
    CloneOrigin? Origin);

/// <summary>What a clone is for.</summary>
/// <param name="Command">The command that it answers.</param>
/// <param name="Network">Number of its sandbox network; null without isolation.</param>
/// <param name="CloneTime">How long it took.</param>
internal sealed record CloneOrigin(CloneVm Command, int? Network, TimeSpan CloneTime);
