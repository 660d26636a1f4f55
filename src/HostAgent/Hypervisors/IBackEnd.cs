using JustRunIt.HostAgent.Configuration;

namespace JustRunIt.HostAgent.Hypervisors;

/// <summary>A kind of hypervisor that an agent can be told to use. One is a folder, and a line in <see cref="HypervisorRegistry"/>.</summary>
internal interface IBackEnd
{
    /// <summary>Its name in the agent's file and in announcements.</summary>
    string Name { get; }

    /// <summary>What its clones are, for people; half a sentence.</summary>
    string Clones { get; }

    /// <summary>Whether it works on this machine with these settings: null, or one line with the reason and the remedy. Changes nothing.</summary>
    Task<string?> ProbeAsync(AgentSettings settings, CancellationToken cancellation);

    /// <summary>Makes the hypervisor of an agent.</summary>
    IHypervisor Create(HostParts parts);
}
