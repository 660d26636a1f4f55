using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Bus;
using JustRunIt.HostAgent.Moving;
using JustRunIt.HostAgent.Processes;
using JustRunIt.HostAgent.Secrets;
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
    private readonly Beginnings beginnings;
    private readonly QuarantineWard ward;
    private readonly VmLogs logs;
    private readonly ConcurrentDictionary<string, string> unkept = new();

    /// <summary>A host with a back end of that kind.</summary>
    public VmHost(IBackEndKind kind, HostParts parts)
    {
        this.parts = parts;
        Troubles = new Troubles(parts.Logger);
        running = new RunningVms(parts.State);
        var caps = new CapWriter(parts);
        groups = new VmGroups(parts, caps);
        var lift = new CapLift(parts, caps, running, Troubles);
        logs = new VmLogs(parts.Settings, running.IsKnown);
        var context = new BackEndContext(parts, groups, lift, running, logs);
        backEnd = kind.Create(context);
        admission = new Admission(parts.Settings, running, vm => groups.Processes(vm).Count > 0);
        removal = new VmRemoval(parts, groups, backEnd, logs);
        beginnings = new Beginnings(parts, running);
        ward = new QuarantineWard(context, backEnd, removal, Troubles);
        cloning = new Cloning(context, backEnd, admission, beginnings, removal, names);
        relocation = new Relocation(parts, groups, running, admission, backEnd, Troubles);
        sender = new MoveSender(context, backEnd, names, removal, Troubles);
        receiver = new MoveReceiver(context, backEnd, names, admission, Troubles);
        recovery = new VmRecovery(context, backEnd, new CapRecovery(parts, caps, Troubles), ward, sender, receiver, Troubles);
    }

    /// <summary>Name of the back end, as announced.</summary>
    public string BackEndName => backEnd.Name;

    /// <summary>What went wrong while no command waited for an answer.</summary>
    public Troubles Troubles { get; }

    /// <summary>What runs, clones included.</summary>
    public IReadOnlyList<RunningVm> List() => running.All;

    /// <summary>Processes that nothing explains: they run on, untouched, until they end or an operator says what they are.</summary>
    public IReadOnlyList<Quarantined> Quarantined => running.Quarantined;

    /// <summary>Takes up as an on-line server what is in quarantine and noted under its name.</summary>
    /// <exception cref="HostException">It cannot be; it stays in quarantine.</exception>
    public async Task<RunningVm> AdoptAsync(string vm, CancellationToken cancellation)
    {
        using var name = await names.TakeAsync(vm, cancellation);
        return ward.Adopt(vm);
    }

    /// <summary>Ends what is in quarantine.</summary>
    /// <returns>What is to be told (<see cref="Told"/>) where it is known as an on-line server; null where it is not.</returns>
    /// <exception cref="HostException">It is not, or does not end.</exception>
    public async Task<VmExit?> EndQuarantinedAsync(string vm, CancellationToken cancellation)
    {
        using var name = await names.TakeAsync(vm, cancellation);
        return await ward.EndOnCommandAsync(vm);
    }

    /// <summary>
    /// Starts an on-line virtual machine; it is healthy, reached at its own address by nobody else's program, and capped when this
    /// returns. One that runs already as the command says is returned as it is.
    /// </summary>
    public async Task<RunningVm> StartAsync(StartVm command, CancellationToken cancellation)
    {
        VmName.Check(command.Vm);
        ProgramCheck.Check(command.Program);
        var listen = ProgramCheck.Listen(command.Program);
        var (cpu, memory) = (Allocations.CpuOf(command), Allocations.MemoryOf(command));
        using var name = await names.TakeAsync(command.Vm, cancellation);
        if (running.Find(command.Vm) is { } present)
        {
            return present.Origin is null && IsSame(present.Start, command)
                ? present
                : throw new HostException(present.Origin is null
                    ? $"vm: {command.Vm} runs already, and not as this command says; allowed is another name"
                    : $"vm: {running.WhyTaken(command.Vm)}; allowed is another name");
        }

        if (running.WhyTaken(command.Vm) is { } taken)
            throw new HostException(taken);
        // What runs already was taken in, by the rules of its time.
        ServerSecrets.CheckSent(command.Program, parts.Settings.Allowed);
        backEnd.Allow(parts.Settings, command.Program, command.Program.Next);
        Expiry.Check(command, parts.Clock);
        admission.Check(cpu, memory);
        using var admitted = admission.Admit(command.Machine, command.Vm, cpu, memory, listen);
        if (await Listeners.ProblemAsync(listen, backEnd.HasOwnNetwork) is { } problem)
            throw new HostException(problem);
        return await beginnings.BeginAsync(command.Vm, command.Machine, () => BootAsync(command, listen, cancellation));
    }

    private async Task<RunningVm> BootAsync(StartVm command, Endpoint listen, CancellationToken cancellation)
    {
        Progress(command.Vm, "boot");
        var vm = await HostException.OfAsync(backEnd.BootAsync(command, cancellation));
        using var written = logs.Begin(vm);
        try
        {
            Progress(command.Vm, "health");
            await HealthCheck.WaitAsync(vm.Endpoint, command.Program.HealthPath, () => backEnd.Ended(vm), cancellation);
            // One that has a network of its own is the only one there.
            if (vm.Network is null && Listeners.IsAnothers(listen, groups.Processes(vm)))
                throw new HostException($"listen: at {listen} another process of this host answers, not {vm.Name}");
            groups.Cap(vm, Allocations.CpuOf(command));
            Progress(command.Vm, "capped");
            return running.Put(vm);
        }
        catch
        {
            await Troubles.TryAsync(vm.Name, () => removal.RemoveAsync(vm), CancellationToken.None);
            throw;
        }
    }

    /// <summary>
    /// Destroys a clone: one that is being made is given up, and one that is not made yet will not be. One that is gone is no error, and
    /// what is on-line is left alone.
    /// </summary>
    /// <param name="clone">Its name.</param>
    /// <param name="subject">For whom: a clone that is made for others, or will be, is theirs.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="HostException">It is no clone, or another's.</exception>
    public Task<bool> DestroyAsync(string clone, string subject, CancellationToken cancellation) =>
        cloning.DestroyAsync(clone, subject, cancellation);

    /// <summary>Clones an on-line virtual machine into a sandbox (§2.2.1). The same request twice gives the same clone.</summary>
    public Task<CloneResult> CloneAsync(CloneVm command, CancellationToken cancellation) => cloning.CloneAsync(command, cancellation);

    /// <summary>Whether a command asks for what an earlier one has begun: all but whose question it is, and how long it waits.</summary>
    private static bool IsSame(StartVm begun, StartVm command) => Text(begun) == Text(command);

    /// <summary>As JSON: records with lists inside have no equality of their own.</summary>
    private static string Text(StartVm command) =>
        JsonSerializer.Serialize(command with { RequestId = default, ExpiresAt = null }, Wire.Json);

    /// <summary>Sets what a running virtual machine or clone may use, all of it or nothing; returns it as read back.</summary>
    /// <param name="vm">Which.</param>
    /// <param name="wanted">What is absent stays as it is.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="command">
    /// Who asks, which is looked at once nothing else is done with it: by then it may have expired, or be somebody else's. Null for the
    /// agent itself.
    /// </param>
    public async Task<VmAllocation> AllocateAsync(
        string vm, VmAllocation wanted, CancellationToken cancellation, SetAllocation? command = null)
    {
        using var name = await names.TakeAsync(vm, cancellation);
        var present = running.Present(vm);
        if (command is not null)
            Authority.Check(present, command.Subject);
        // One that was carried out, and whose answer was not given, is as good as in time.
        if (!wanted.IsOf(present))
            Expiry.Check(command, parts.Clock);
        admission.Check(wanted.Cpu, wanted.Memory);
        using var admitted = wanted is { Cpu: null, Memory: null }
            ? null
            : admission.Admit(present.Machine, vm, wanted.Cpu ?? present.Cpu, wanted.Memory ?? present.Memory);
        var next = await AllocationChange.ApplyAsync(present, wanted, parts, running, backEnd, cancellation, command);
        Progress(vm, "set");
        try
        {
            running.Put(next);
        }
        catch (HostException)
        {
            var before = new VmAllocation(present.Cpu, present.Memory, present.Frequency, present.Cores ?? []);
            await AllocationChange.ApplyAsync(next, before, parts, running, backEnd, CancellationToken.None);
            throw;
        }

        return new VmAllocation(groups.CapOf(next), next.Memory, next.Frequency, parts.Groups.ReadCores(VmGroups.Of(next)));
    }

    /// <summary>Moves an on-line virtual machine to another machine of this agent.</summary>
    public async Task MigrateAsync(string vm, string to, CancellationToken cancellation, MigrateVm? command = null)
    {
        using var name = await names.TakeAsync(vm, cancellation);
        await relocation.MoveAsync(vm, to, cancellation, command);
    }

    /// <summary>
    /// Moves an on-line virtual machine to the agent at the other end of a connection, which receives it with
    /// <see cref="ReceiveAsync"/>. When this returns it runs there and no longer here; when it throws it runs on here.
    /// </summary>
    public Task SendAsync(string vm, Stream connection, CancellationToken cancellation, MigrateVm? command = null) =>
        sender.SendAsync(vm, connection, cancellation, command);

    /// <summary>Takes up a virtual machine that another agent sends, on <paramref name="machine"/> of this one.</summary>
    /// <param name="machine">Where it is to run.</param>
    /// <param name="connection">To the sender.</param>
    /// <param name="cancellation">Gives up, where that can still be done.</param>
    /// <param name="expected">Which was told of; null for any.</param>
    public Task<RunningVm> ReceiveAsync(
        string machine, Stream connection, CancellationToken cancellation, string? expected = null) =>
        receiver.ReceiveAsync(machine, connection, expected, cancellation);

    /// <summary>Stops a virtual machine or destroys a clone, and removes everything made for it. One that is gone is no error.</summary>
    public async Task StopAsync(string vm, CancellationToken cancellation)
    {
        // What is being made is stopped once it is there; what is on its way to another agent, where it ends up.
        using var name = await names.TakeAsync(vm, cancellation);
        await StopTakenAsync(vm);
    }

    /// <summary>
    /// Destroys a clone whose lease has ended; whatever else has its name by now is left alone, and so is a clone of another lease.
    /// </summary>
    /// <returns>Whether it was there.</returns>
    public async Task<bool> EndLeaseAsync(RunningVm clone, CancellationToken cancellation)
    {
        using var name = await names.TakeAsync(clone.Name, cancellation);
        if (running.Find(clone.Name) is not { Origin: { } origin } present
            || (present.ProcessId, present.ProcessStart) != (clone.ProcessId, clone.ProcessStart)
            || origin.Command.LeaseUntil > parts.Clock.GetUtcNow())
            return false;
        await StopTakenAsync(clone.Name);
        return true;
    }

    private async Task StopTakenAsync(string vm)
    {
        if ((running.End(vm) ?? running.StillEnding(vm)) is not { } present)
            return;
        Progress(vm, "stop");
        await removal.RemoveAsync(present);
        Progress(vm, "removed");
        running.Ended(vm);
    }

    /// <summary>
    /// Takes up what runs since before a restart, destroys clones, leaves alone what nobody knows. Returns the clones destroyed, and what
    /// has ended meanwhile.
    /// </summary>
    public Task<IReadOnlyList<VmExit>> RecoverAsync(CancellationToken cancellation) => recovery.RecoverAsync(cancellation);

    /// <summary>
    /// What ended without having been told to. Also keeps what servers write within bounds, and forgets what was in quarantine and has
    /// ended: one server's removal holds up nothing of another's.
    /// </summary>
    public async IAsyncEnumerable<VmExit> ExitsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var ended = Channel.CreateUnbounded<VmExit>();
        // Nobody watches any more once whoever hears of it has left.
        using var heard = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var watching = WatchAsync(ended.Writer, heard.Token);
        try
        {
            await foreach (var exit in ended.Reader.ReadAllAsync(cancellation))
                yield return exit;
        }
        finally
        {
            await heard.CancelAsync();
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The bus has an exit: no later start tells it again.</summary>
    public void Told(VmExit exit) => running.Told(exit);

    /// <summary>
    /// Keeps within the bounds that the agent's file sets what everything has written that has processes: what serves, what does not yet,
    /// what was told to end and has not, and what is in quarantine.
    /// </summary>
    public void KeepLogs()
    {
        foreach (var vm in List().Concat(logs.Young).Concat(running.Ending))
            KeepLog(vm.Name, () => ProcessTable.Runs(vm.ProcessId, vm.ProcessStart) ? vm.ProcessId : null);
        foreach (var unknown in running.Quarantined)
            KeepLog(unknown.Name, () => ward.ProcessOf(unknown));
    }

    /// <summary>What stays wrong is told once.</summary>
    private void KeepLog(string vm, Func<int?> process)
    {
        try
        {
            logs.Keep(vm, backEnd.LogOf(vm, process()));
            unkept.TryRemove(vm, out _);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            var reason = HostException.OneLine(e);
            if (unkept.GetValueOrDefault(vm) != reason)
                Troubles.Tell($"log of {vm}", reason);
            unkept[vm] = reason;
        }
    }

    private async Task WatchAsync(ChannelWriter<VmExit> ended, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(WatchInterval, parts.Clock);
        var removing = new ConcurrentDictionary<string, Task>();
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                KeepLogs();
                foreach (var vm in List().Where(vm => !ProcessTable.Runs(vm.ProcessId, vm.ProcessStart) && !running.IsLeaving(vm.Name)))
                    _ = removing.GetOrAdd(vm.Name, _ => RemoveEndedAsync(vm, ended, cancellation));
                foreach (var (name, removal) in removing.Where(one => one.Value.IsCompleted))
                    removing.TryRemove(name, out _);
                if (running.Quarantined.Count > 0)
                    await Troubles.TryAsync("quarantine", () => ward.ReleaseEndedAsync(ended), cancellation);
            }
        }
        finally
        {
            // What has begun comes to its end; what was not told is told by the next start.
            await Task.WhenAll(removing.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ended.TryComplete();
        }
    }

    private async Task RemoveEndedAsync(RunningVm vm, ChannelWriter<VmExit> ended, CancellationToken cancellation)
    {
        using var name = await names.TakeAsync(vm.Name, cancellation);
        // Otherwise stopped on command meanwhile, moved away, or started anew.
        if (running.IsLeaving(vm.Name) || running.EndedByItself(vm.Name, vm.ProcessId, ReasonOf) is not { } exit)
            return;
        if (await Troubles.TryAsync($"{vm.Name}, which has ended", () => removal.RemoveAsync(exit.Vm), cancellation))
            running.Ended(vm.Name);
        await ended.WriteAsync(exit, cancellation);
    }

    private string ReasonOf(RunningVm vm)
    {
        var words = "";
        Troubles.Try(vm.Name, () => words = ServerSecrets.Masked(vm.Start.Program, backEnd.LastWords(vm.Name)));
        return words.Length > 0 ? $"the process ended: {words}" : "the process ended";
    }

    private void Progress(string vm, string phase) => parts.Progress?.Report(new Phase(vm, phase));
}
