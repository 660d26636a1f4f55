using System.Security.Cryptography;
using System.Text;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Power;

namespace JustRunIt.HostAgent.Configuration;

/// <summary>A host agent's settings.</summary>
/// <param name="DataCenter">The data centre that its machines belong to.</param>
/// <param name="Agent">Its name, unique in the data centre.</param>
/// <param name="StateFolder">Where it keeps what it must know after a restart, and the logs of what it runs.</param>
/// <param name="CoreSize">
/// Real cores that one core of its machines stands for: 1 for real machines; less when several simulated machines share a real one.
/// </param>
/// <param name="Simulated">True when the machines are capped control groups on one real machine.</param>
/// <param name="QuotaPeriod">Period of the CPU quota; see docs/decisions/0003-quota-period.md.</param>
/// <param name="Isolation">How clones are kept from everything but their proxies.</param>
/// <param name="StopsWhatRuns">Whether an orderly end of the agent stops what it runs; otherwise the next agent takes it up.</param>
/// <param name="Machines">The machines that it manages.</param>
/// <param name="BackEnd">Name of the back end that runs virtual machines, or <c>auto</c> for the best one that works here.</param>
/// <param name="Power">How their power is metered; null for not at all.</param>
/// <param name="Allowed">What it may be told to start; null for anything, which no file can say.</param>
internal sealed record AgentSettings(
    string DataCenter,
    string Agent,
    string StateFolder,
    double CoreSize,
    bool Simulated,
    TimeSpan QuotaPeriod,
    Isolation Isolation,
    bool StopsWhatRuns,
    IReadOnlyList<MachineSettings> Machines,
    string BackEnd = "process",
    PowerSettings? Power = null,
    Allowed? Allowed = null)
{
    private const int IdBytes = 4;

    /// <summary>Absolute: what is relative is relative to the working directory, which programs that it runs do not have.</summary>
    public string StateFolder { get; init; } = Path.GetFullPath(StateFolder);

    /// <summary>How much of a server's output is kept.</summary>
    public LogLimits Logs { get; init; } = LogLimits.Default;

    /// <summary>
    /// Short mark of the state folder. Names of what the agent makes in the kernel carry it: two agents of one name on one host,
    /// which have folders of their own, do not meet, and an agent that starts again finds what it left.
    /// </summary>
    public string Id => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(StateFolder)))[..(2 * IdBytes)];

    /// <summary>Real cores of this host that a share of a machine's cores stands for.</summary>
    public CpuShare Real(CpuShare share) => new(share.Cores * CoreSize);

    /// <summary>The machine of that name.</summary>
    /// <exception cref="HostException">There is none.</exception>
    public MachineSettings Machine(string name) => Machines.FirstOrDefault(machine => machine.Name == name) ?? throw new HostException(
        $"machine {name} is unknown to agent {Agent}; it manages {string.Join(", ", Machines.Select(machine => machine.Name))}");
}

/// <summary>One machine.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Role">What it is for.</param>
/// <param name="Cpu">Capacity in its own cores.</param>
/// <param name="Memory">Capacity.</param>
/// <param name="Base">Power with nothing running; null to measure it.</param>
/// <param name="Dynamic">Power that full CPU use adds, for the estimate; null when it is not estimated.</param>
internal sealed record MachineSettings(
    string Name, MachineRole Role, CpuShare Cpu, MemorySize Memory, Watts? Base = null, Watts? Dynamic = null);

/// <summary>How clones are kept from everything but their proxies.</summary>
internal enum Isolation
{
    /// <summary>A network namespace of their own, with a filter that lets nothing pass but their proxies.</summary>
    Namespace,

    /// <summary>Not at all; for machines without network namespaces, and reported as such.</summary>
    None,
}
