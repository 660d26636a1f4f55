using JustRunIt.HostAgent.Configuration;

namespace JustRunIt.HostAgent.BackEnds;

/// <summary>A kind of back end that an agent can be told to use. One is a folder, and a line in <see cref="BackEndRegistry"/>.</summary>
internal interface IBackEndKind
{
    /// <summary>Its name in the agent's file and in announcements.</summary>
    string Name { get; }

    /// <summary>What its clones are, for people; half a sentence.</summary>
    string Clones { get; }

    /// <summary>
    /// Whether it works on this machine with these settings: null, or one line with the reason and the remedy. Changes nothing.
    /// </summary>
    Task<string?> ProbeAsync(AgentSettings settings, CancellationToken cancellation);

    /// <summary>Makes the back end of an agent.</summary>
    IBackEnd Create(BackEndContext context);
}
