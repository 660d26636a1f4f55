using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Moving;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.Tests;

/// <summary>
/// The process back end, which moves what it runs by copying nothing: for what an agent does once something is given. What it is to
/// remove then fails.
/// </summary>
internal sealed class GivenBackEnd(BackEndContext context) : IBackEnd, IMover
{
    public const string Reason = "what was made for it cannot be removed";

    private readonly ProcessBackEnd inner = new(context);

    public string Name => inner.Name;

    public IMover? Mover => this;

    public bool HasOwnNetwork => inner.HasOwnNetwork;

    public Task<RunningVm> BootAsync(StartVm command, CancellationToken cancellation) => inner.BootAsync(command, cancellation);

    public Task<Duplicate> DuplicateAsync(RunningVm original, CloneVm command, CancellationToken cancellation) =>
        inner.DuplicateAsync(original, command, cancellation);

    public MemorySize GroupMemory(RunningVm vm) => inner.GroupMemory(vm);

    public Task<MemorySize> SetMemoryAsync(
        RunningVm vm, MemorySize limit, CancellationToken cancellation, IAnsweredCommand? command = null) =>
        inner.SetMemoryAsync(vm, limit, cancellation, command);

    public void CheckFolder(VmProgram program) => inner.CheckFolder(program);

    public string LogOf(string vm, int? process) => inner.LogOf(vm, process);

    public string LastWords(string vm) => inner.LastWords(vm);

    public Task RemoveRestAsync(RunningVm vm) => throw new HostException(Reason);

    public Task RemoveRestAsync(string name) => inner.RemoveRestAsync(name);

    public Task SettleAsync(CancellationToken cancellation) => inner.SettleAsync(cancellation);

    public Task ResumeAsync(RunningVm vm, CancellationToken cancellation) => inner.ResumeAsync(vm, cancellation);

    public Task SweepAsync(IReadOnlyList<RunningVm> adopted, IReadOnlySet<string> untouched, Troubles troubles) =>
        inner.SweepAsync(adopted, untouched, troubles);

    public string? ReasonToStay(RunningVm vm) => null;

    public Task CopyOutAsync(
        RunningVm vm, MoveRecord record, Handshake talk, Func<LiftTo, Task> lift, CancellationToken cancellation) => Task.CompletedTask;

    public Task StayAsync(RunningVm vm) => Task.CompletedTask;

    public Task LeaveAsync(RunningVm vm) => Task.CompletedTask;

    public Task<RunningVm> CopyInAsync(Arrival arrival, Handshake talk, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public Task RemoveRestOfArrivalAsync(Arrival arrival) => Task.CompletedTask;

    public Task LandAsync(Arrival arrival) => Task.CompletedTask;

    /// <summary>The kind of back end that it is.</summary>
    internal sealed class Kind : IBackEndKind
    {
        public string Name => "process";

        public string Clones => "none";

        public Task<string?> ProbeAsync(AgentSettings settings, CancellationToken cancellation) => Task.FromResult<string?>(null);

        public IBackEnd Create(BackEndContext context) => new GivenBackEnd(context);
    }
}
