using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Moving;

namespace JustRunIt.HostAgent.BackEnds;

/// <summary>
/// The copying of a back end whose virtual machines move between two agents of one host. Offer, decision and recovery are the
/// protocol's (<see cref="MoveSender"/>, <see cref="MoveReceiver"/>; docs/decisions/0022-moving.md).
/// </summary>
internal interface IMover
{
    /// <summary>Why one cannot be sent now; null when it can.</summary>
    string? ReasonToStay(RunningVm vm);

    /// <summary>Copies one to the receiver. When this returns it is loaded there, and stands still on both sides.</summary>
    /// <param name="vm">Which.</param>
    /// <param name="record">Whose it is.</param>
    /// <param name="talk">To the receiver's half.</param>
    /// <param name="lift">Lifts its cap, when the copy wants it, until it is decided whose it is.</param>
    /// <param name="cancellation">Gives up.</param>
    Task CopyOutAsync(RunningVm vm, MoveRecord record, Handshake talk, Func<LiftTo, Task> lift, CancellationToken cancellation);

    /// <summary>It stays here: lets it run on. The record says so already.</summary>
    Task StayAsync(RunningVm vm);

    /// <summary>It is the receiver's: before its processes are ended here.</summary>
    Task LeaveAsync(RunningVm vm);

    /// <summary>The other half of <see cref="CopyOutAsync"/>: when this returns it is loaded here, and stands still.</summary>
    Task<RunningVm> CopyInAsync(Arrival arrival, Handshake talk, CancellationToken cancellation);

    /// <summary>
    /// It stays with its sender: removes what was made for it here besides processes and control group, nothing of the sender's.
    /// </summary>
    Task RemoveRestOfArrivalAsync(Arrival arrival);

    /// <summary>It is this agent's: takes over its network and lets it run. May be repeated.</summary>
    Task LandAsync(Arrival arrival);
}
