using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Machines;

namespace JustRunIt.HostAgent.BackEnds;

/// <summary>
/// What differs from one back end to another: how a virtual machine is booted and cloned, and what belongs to it besides its
/// processes. Names, admission, health, caps, the state file, exits, leases, moves and recovery are <see cref="VmHost"/>'s.
/// What cannot be done is a <see cref="HostException"/>, or one of the file system's. <c>docs/back-ends.md</c> tells how to add one.
/// </summary>
internal interface IBackEnd
{
    /// <summary>Its name, as announced.</summary>
    string Name { get; }

    /// <summary>Moves what runs to another agent; null where that cannot be done.</summary>
    IMover? Mover { get; }

    /// <summary>Whether what is on-line has a network of its own, to which the host forwards what is for its address.</summary>
    bool HasOwnNetwork { get; }

    /// <summary>Boots an on-line virtual machine, with all of its machine to boot with: its cap comes once it is healthy.</summary>
    /// <exception cref="HostException">It cannot be booted; nothing is left.</exception>
    Task<RunningVm> BootAsync(StartVm command, CancellationToken cancellation);

    /// <summary>Makes a clone that need not be healthy yet, uncapped on its machine.</summary>
    /// <exception cref="HostException">It cannot be cloned; nothing is left, and the original runs on.</exception>
    Task<Duplicate> DuplicateAsync(RunningVm original, CloneVm command, CancellationToken cancellation);

    /// <summary>Limit of the memory of a virtual machine's processes, when its group is made.</summary>
    MemorySize GroupMemory(RunningVm vm);

    /// <summary>Sets how much memory one may use, and returns it as read back.</summary>
    /// <param name="vm">Which.</param>
    /// <param name="limit">How much.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="command">Who asks: not carried out where it has expired when whatever was waited for is over. Null for nobody.</param>
    /// <exception cref="IOException">It cannot have so little.</exception>
    Task<MemorySize> SetMemoryAsync(
        RunningVm vm, MemorySize limit, CancellationToken cancellation, IAnsweredCommand? command = null);

    /// <summary>
    /// Refuses a program that would begin in a folder that others than root and the agent's user can write to or replace: one of the
    /// host's, or an image's own. Asked before anything of it is made, by whoever takes it in: at a start, at a cold clone's, and when
    /// another agent sends it.
    /// </summary>
    /// <exception cref="HostException">They can; with the field, its value, and what is allowed.</exception>
    void CheckFolder(VmProgram program);

    /// <summary>The file that one writes to, as it is to be opened from outside.</summary>
    /// <param name="vm">Its name.</param>
    /// <param name="process">A process of its that runs; null where none is known.</param>
    string LogOf(string vm, int? process);

    /// <summary>The last line that a virtual machine's program wrote; empty when it wrote none.</summary>
    string LastWords(string vm);

    /// <summary>Removes what was made for a virtual machine besides its processes and their group. What is gone is no error.</summary>
    Task RemoveRestAsync(RunningVm vm);

    /// <summary>The same for processes of which nothing but that name was known. Its network goes with the next start.</summary>
    Task RemoveRestAsync(string name);

    /// <summary>
    /// At the start, before anything else: waits for the end of what an earlier agent began and can no longer be stopped.
    /// </summary>
    Task SettleAsync(CancellationToken cancellation);

    /// <summary>At the start: lets one run on that an earlier agent left standing still.</summary>
    Task ResumeAsync(RunningVm vm, CancellationToken cancellation);

    /// <summary>
    /// At the start: removes whatever belongs to none of <paramref name="adopted"/>; its processes have ended. Nothing that bears one of
    /// the <paramref name="untouched"/> names is looked at. What cannot be removed is told, one by one, and the rest goes on.
    /// </summary>
    Task SweepAsync(IReadOnlyList<RunningVm> adopted, IReadOnlySet<string> untouched, Troubles troubles);
}
