using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Containers;
using JustRunIt.HostAgent.Processes;
using JustRunIt.HostAgent.VirtualMachines;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.HostAgent.BackEnds;

/// <summary>The back ends by name. A new one is a line here.</summary>
internal static class BackEndRegistry
{
    /// <summary>The name that stands for the best one that works here.</summary>
    public const string Automatic = "auto";

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<IBackEndKind> All =
    [
        new ProcessBackEndKind(),
        new ContainerBackEndKind(),
        new VmBackEndKind(),
    ];

    // In this order; the first always works. A virtual machine needs an image of its own, so it is never taken unasked.
    private static readonly IReadOnlyList<string> Preferred = ["container", "process"];

    /// <summary>What the agent's file may say.</summary>
    public static IReadOnlyList<string> Names => [.. All.Select(backEnd => backEnd.Name), Automatic];

    /// <summary>The back end that the settings ask for, and why it is this one.</summary>
    /// <exception cref="ConfigurationException">It does not work on this machine; the message says the remedy.</exception>
    public static async Task<(IBackEndKind BackEnd, string Why)> ChooseAsync(AgentSettings settings, CancellationToken cancellation)
    {
        if (settings.BackEnd != Automatic)
        {
            var named = Find(settings.BackEnd);
            return await named.ProbeAsync(settings, cancellation) is { } problem
                ? throw new ConfigurationException($"backEnd: '{named.Name}' does not work on this machine: {problem}")
                : (named, "as configured");
        }

        var refused = new List<string>();
        foreach (var candidate in Preferred.Select(Find))
        {
            if (await candidate.ProbeAsync(settings, cancellation) is not { } problem)
                return (candidate, refused.Count == 0 ? "the best one that works here" : string.Join("; ", refused));
            refused.Add($"not {candidate.Name}: {problem}");
        }

        throw new ConfigurationException($"backEnd: '{Automatic}' finds none that works on this machine: {string.Join("; ", refused)}");
    }

    private static IBackEndKind Find(string name) =>
        All.FirstOrDefault(backEnd => backEnd.Name == name)
        ?? throw new ConfigurationException($"backEnd: '{name}'; allowed is {string.Join(" or ", Names)}");
}
