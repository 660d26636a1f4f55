namespace JustRunIt.HostAgent.Machines;

/// <summary>What an agent must know after a restart of what is in its control groups.</summary>
/// <param name="Running">Servers and clones that run.</param>
/// <param name="Beginning">What is being started or cloned, and has never served: the next start ends what there is of it.</param>
/// <param name="Ending">What was told to end, or has ended, and may not be removed yet.</param>
/// <param name="Quarantined">What cannot be explained, and runs on.</param>
internal sealed record HostRecord(
    IReadOnlyList<RunningVm> Running,
    IReadOnlyList<Beginning> Beginning,
    IReadOnlyList<RunningVm> Ending,
    IReadOnlyList<Quarantined> Quarantined)
{
    /// <summary>What ended by itself, or by a start, and was not told to the bus yet: the next start tells it.</summary>
    public IReadOnlyList<VmExit> Untold { get; init; } = [];

    /// <summary>
    /// Whether it was written in the middle of a start that had only an older record, or none: what it says of a name may be of another
    /// one by now, for the next start too.
    /// </summary>
    public bool IsOlder { get; init; }

    /// <summary>Nothing runs.</summary>
    public static HostRecord Empty { get; } = new([], [], [], []);
}

/// <summary>Something that is being started or cloned.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Machine">Where.</param>
internal sealed record Beginning(string Name, string Machine);
