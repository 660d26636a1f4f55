using JustRunIt.Events.Matrices;
using JustRunIt.Events.Placement;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>Events that commands follow from: only these are parsed by the relay, all others pass as they are.</summary>
internal static class CommandSources
{
    private static readonly HashSet<Type> Types =
    [
        typeof(CloneRequested),
        typeof(ExperimentStarted),
        typeof(SandboxAllocated),
        typeof(ExperimentsEnded),
        typeof(ValidationScheduled),
        typeof(MigrationStarted),
        typeof(AllocationStarted),
    ];

    public static bool Contains(Type type) => Types.Contains(type);
}
