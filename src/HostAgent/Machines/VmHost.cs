using System.Runtime.CompilerServices;
using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Bus;
using JustRunIt.HostAgent.Moving;
using JustRunIt.HostAgent.Processes;
using JustRunIt.Hosting;

namespace JustRunIt.HostAgent.Machines;

/// <summary>
/// Runs virtual machines on the machines of one agent, whatever back end serves: the rest of the system does not know which. Every
/// method either succeeds, or throws <see cref="HostException"/> and leaves things as they were. What runs is processes of this host
/// in capped control groups; what differs between back ends is <see cref="IBackEnd"/>'s.
/// </summary>
internal sealed class VmHost
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(100);

    private readonly HostParts parts;
    private readonly IBackEnd backEnd;
    private readonly RunningVms running;
    private readonly NameLocks names = new();
    private readonly VmGroups groups;
    private readonly Admission admission;
    private readonly VmRemoval removal;
    private readonly Cloning cloning;
    private readonly Relocation relocation;
    private readonly MoveSender sender;
    private readonly MoveReceiver receiver;
    private readonly VmRecovery recovery;

    /// <summary>A host with a back end of that kind.</summary>
    public VmHost(IBackEndKind kind, HostParts parts)
    {
        this.parts = parts;
        Troubles = new Troubles(parts.Logger);
        running = new RunningVms(parts.State);
        var caps = new CapWriter(parts);
        groups = new VmGroups(parts, caps);
        var lift = new CapLift(parts, caps, running, Troubles);
        var context = new BackEndContext(parts, groups, lift, running, new VmLogs(parts.Settings.StateFolder));
        backEnd = kind.Create(context);
        admission = new Admission(parts.Settings, running);
        removal = new VmRemoval(parts, groups, backEnd);
        cloning = new Cloning(context, backEnd, admission, removal, names);
        relocation = new Relocation(parts, groups, running, admission, backEnd, Troubles);
        sender = new MoveSender(context, backEnd, names, removal);
        receiver = new MoveReceiver(context, backEnd, names, admission, Troubles);
        recovery = new VmRecovery(context, backEnd, new CapRecovery(parts, caps, Troubles), sender, receiver, Troubles);
    }

    /// <summary>Name of the back end, as announced.</summary>
    public string BackEndName => backEnd.Name;

    /// <summary>What went wrong while no command waited for an answer.</summary>
    public Troubles Troubles { get; }

    /// <summary>What runs, clones included.</summary>
    public IReadOnlyList<RunningVm> List() => running.All;

    /// <summary>
    /// Starts an on-line virtual machine; it is healthy and capped when this returns. One that runs already is returned as it is.
    /// </summary>
    public async Task<RunningVm> StartAsync(StartVm command, CancellationToken cancellation)
    {
        VmName.Check(command.Vm);
        if (!Endpoint.TryParse(command.Program.Listen, EndpointKinds.HostName, out _))
            throw new HostException($"listen: '{command.Program.Listen}'; allowed is {Endpoint.Allowed(EndpointKinds.HostName)}");
        using var name = await names.TakeAsync(command.Vm, cancellation);
        if (running.Find(command.Vm) is { } present)
            return present;
        admission.Admit(command.Machine, command.Vm, Allocations.CpuOf(command));
        var vm = await HostException.OfAsync(backEnd.BootAsync(command, cancellation));
        try
        {
            await HealthCheck.WaitAsync(vm.Endpoint, command.Program.HealthPath, () => backEnd.Ended(vm), cancellation);
            groups.Cap(vm, Allocations.CpuOf(command));
            return running.Put(vm);
        }
        catch
        {
            await removal.RemoveAsync(vm);
            throw;
        }
    }

    /// <summary>Clones an on-line virtual machine into a sandbox (§2.2.1). The same request twice gives the same clone.</summary>
    public Task<CloneResult> CloneAsync(CloneVm command, CancellationToken cancellation) => cloning.CloneAsync(command, cancellation);

    /// <summary>Sets what a running virtual machine or clone may use, all of it or nothing; returns it as read back.</summary>
    /// <param name="vm">Which.</param>
    /// <param name="wanted">What is absent stays as it is.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<VmAllocation> AllocateAsync(string vm, VmAllocation wanted, CancellationToken cancellation)
    {
        using var name = await names.TakeAsync(vm, cancellation);
        var present = running.Present(vm);
        if (wanted.Cpu is { } cpu)
            admission.Admit(present.Machine, vm, cpu);
        var next = await AllocationChange.ApplyAsync(present, wanted, parts, List(), backEnd, cancellation);
        try
        {
            running.Put(next);
        }
        catch (HostException)
        {
            var before = new VmAllocation(present.Cpu, present.Memory, present.Frequency, present.Cores ?? []);
            await AllocationChange.ApplyAsync(next, before, parts, List(), backEnd, CancellationToken.None);
            throw;
        }

        return new VmAllocation(groups.CapOf(next), next.Memory, next.Frequency, parts.Groups.ReadCores(VmGroups.Of(next)));
    }

    /// <summary>Moves an on-line virtual machine to another machine of this agent.</summary>
    public Task MigrateAsync(string vm, string to, CancellationToken cancellation) => relocation.MoveAsync(vm, to, cancellation);

    /// <summary>
    /// Moves an on-line virtual machine to the agent at the other end of a connection, which receives it with
    /// <see cref="ReceiveAsync"/>. When this returns it runs there and no longer here; when it throws it runs on here.
    /// </summary>
    public Task SendAsync(string vm, Stream connection, CancellationToken cancellation) => sender.SendAsync(vm, connection, cancellation);

    /// <summary>Takes up a virtual machine that another agent sends, on <paramref name="machine"/> of this one.</summary>
    public Task<RunningVm> ReceiveAsync(string machine, Stream connection, CancellationToken cancellation) =>
        receiver.ReceiveAsync(machine, connection, cancellation);

    /// <summary>Stops a virtual machine or destroys a clone, and removes everything made for it. One that is gone is no error.</summary>
    public async Task StopAsync(string vm, CancellationToken cancellation)
    {
        // What is on its way to another agent is stopped where it ends up.
        using var name = running.IsLeaving(vm) ? await names.TakeAsync(vm, cancellation) : null;
        if (running.Take(vm) is { } present)
            await removal.RemoveAsync(present);
    }

    /// <summary>
    /// Takes up what runs since before a restart, destroys clones, removes what nobody knows. Returns the clones destroyed.
    /// </summary>
    public Task<IReadOnlyList<RunningVm>> RecoverAsync(CancellationToken cancellation) => recovery.RecoverAsync(cancellation);

    /// <summary>What ended without having been told to.</summary>
    public async IAsyncEnumerable<VmExit> ExitsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(WatchInterval, parts.Clock);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            foreach (var vm in List().Where(vm => !ProcessTable.Runs(vm.ProcessId, vm.ProcessStart) && !running.IsLeaving(vm.Name)))
            {
                // Otherwise stopped on command meanwhile.
                if (!running.Take(vm))
                    continue;
                var words = backEnd.LastWords(vm.Name);
                await Troubles.TryAsync($"{vm.Name}, which has ended", () => removal.RemoveAsync(vm));
                yield return new VmExit(vm, words.Length > 0 ? $"the process ended: {words}" : "the process ended");
            }
        }
    }
}
