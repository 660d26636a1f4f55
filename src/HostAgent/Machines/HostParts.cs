using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Networks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace JustRunIt.HostAgent.Machines;

/// <summary>What a host is built from.</summary>
/// <param name="Settings">The agent's settings.</param>
/// <param name="Groups">Caps of CPU and memory.</param>
/// <param name="State">What is known after a restart.</param>
/// <param name="Networks">Networks of clones.</param>
/// <param name="Clock">The clock.</param>
/// <param name="Progress">Hears how far lengthy work has come; null for nobody.</param>
internal sealed record HostParts(
    AgentSettings Settings,
    IControlGroups Groups,
    StateFile State,
    SandboxNetworks Networks,
    TimeProvider Clock,
    IProgress<Phase>? Progress = null)
{
    /// <summary>Highest frequencies of the host's cores.</summary>
    public CoreFrequencies Frequencies { get; init; } =
        new(CoreFrequencies.DefaultFolder, Path.Combine(Settings.StateFolder, "frequencies.json"), Settings.Id);

    /// <summary>Hears what goes wrong where no command waits for an answer.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}

/// <summary>A lengthy work has come to a phase of it.</summary>
/// <param name="Vm">What is worked at.</param>
/// <param name="Name">The phase that begins.</param>
internal sealed record Phase(string Vm, string Name);
