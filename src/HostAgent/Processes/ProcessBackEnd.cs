using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Hypervisors;

namespace JustRunIt.HostAgent.Processes;

/// <summary>Processes in capped control groups: works wherever the agent does.</summary>
internal sealed class ProcessBackEnd : IBackEnd
{
    /// <inheritdoc />
    public string Name => "process";

    /// <inheritdoc />
    public string Clones => "started cold (the paper's configuration without VM cloning, §2.2.1)";

    /// <inheritdoc />
    public Task<string?> ProbeAsync(AgentSettings settings, CancellationToken cancellation) => Task.FromResult<string?>(null);

    /// <inheritdoc />
    public IHypervisor Create(HostParts parts) => new ProcessHypervisor(parts);
}
