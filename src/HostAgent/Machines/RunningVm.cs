using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Processes;
using JustRunIt.HostAgent.Secrets;

namespace JustRunIt.HostAgent.Machines;

/// <summary>A virtual machine or clone that runs; what the agent must know after a restart.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Machine">Where it runs.</param>
/// <param name="Start">How it, or its original, was started.</param>
/// <param name="Cpu">The cap in force.</param>
/// <param name="Memory">The limit in force.</param>
/// <param name="Endpoint">host:port at which it is reached.</param>
/// <param name="ProcessId">Its first process, seen from the host.</param>
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
    CloneOrigin? Origin)
{
    /// <summary>Number of the network that it has to itself; null when it is on the host's.</summary>
    public int? Network { get; init; }

    /// <summary>
    /// How often it has moved from one agent to another: of two words about where it is, the one with the higher number holds.
    /// </summary>
    public int Moves { get; init; }

    /// <summary>The machine of this agent's that its processes are being moved to; null while they are not.</summary>
    public string? MovingTo { get; init; }

    /// <summary>Numbers of the host's cores that it is pinned to; null when it is not.</summary>
    public IReadOnlyList<int>? Cores { get; init; }

    /// <summary>Highest frequency that its cores were given; null when none was.</summary>
    public Frequency? Frequency { get; init; }

    /// <summary>The last words of one that has ended; null while it runs.</summary>
    /// <param name="lastWords">The last line that a virtual machine's program wrote; empty when it wrote none.</param>
    public string? Ended(Func<string, string> lastWords)
    {
        if (ProcessTable.Runs(ProcessId, ProcessStart))
            return null;
        return lastWords(Name) is { Length: > 0 } words ? ServerSecrets.Masked(Start.Program, words) : "without a word";
    }

    /// <summary>Whatever else its back end must know after a restart.</summary>
    public IReadOnlyDictionary<string, string> Details { get; init; } = new Dictionary<string, string>();
}

/// <summary>What a clone is for, and how it was made.</summary>
/// <param name="Command">The command that it answers.</param>
/// <param name="Result">What was answered; null while it is being made.</param>
internal sealed record CloneOrigin(CloneVm Command, CloneResult? Result = null);
