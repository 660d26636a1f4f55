using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Configuration;

namespace JustRunIt.HostAgent.Processes;

/// <summary>Processes in capped control groups: works wherever the agent does.</summary>
internal sealed class ProcessBackEndKind : IBackEndKind
{
    /// <inheritdoc />
    public string Name => "process";

    /// <inheritdoc />
    public string Clones => "started cold (the paper's configuration without VM cloning, §2.2.1)";

    /// <inheritdoc />
    public Task<string?> ProbeAsync(AgentSettings settings, CancellationToken cancellation) => Task.FromResult<string?>(null);

    /// <inheritdoc />
    public IBackEnd Create(BackEndContext context) => new ProcessBackEnd(context);
}
