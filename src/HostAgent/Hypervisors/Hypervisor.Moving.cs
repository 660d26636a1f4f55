using System.Collections.Concurrent;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Moving;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.Hypervisors;

/// <summary>
/// Moves between two agents of one host. The copy is loaded at the receiver and stands still; then one rename decides whose it is
/// (<see cref="MoveRecord"/>), and from there on each side only goes forward. Whoever dies at whatever moment, exactly one of
/// both runs it in the end (docs/decisions/0022-moving.md).
/// </summary>
internal abstract partial class Hypervisor
{
    private const int LandAttempts = 3;
    private readonly ConcurrentDictionary<string, bool> leaving = new();
    private readonly Arrivals arrivals = new(parts.Settings);

    private string RecordFolder => Path.Combine(Path.GetFullPath(Settings.StateFolder), "moves");

    /// <inheritdoc />
    public async Task SendAsync(string vm, Stream connection, CancellationToken cancellation)
    {
        using var name = await names.TakeAsync(vm, cancellation);
        var present = Present(vm);
        if (ReasonToStay(present) is { } problem)
            throw new HypervisorException(problem);
        await using var talk = new Handshake(connection);
        leaving[vm] = true;
        try
        {
            await SendAsync(present, new MoveRecord(Path.Combine(RecordFolder, $"{vm}-{Guid.NewGuid():N}")), talk, cancellation);
        }
        finally
        {
            leaving.TryRemove(vm, out _);
        }
    }

    private async Task SendAsync(RunningVm present, MoveRecord record, Handshake talk, CancellationToken cancellation)
    {
        Tell(present.Name, "offer");
        record.Offer(new MoveRecord.Content(present.Name, present.Network));
        try
        {
            await CopyOutAsync(present, record, talk, cancellation);
            Tell(present.Name, "decide");
            if (!record.TryGive())
                throw new HypervisorException("the other agent has withdrawn");
        }
        catch (Exception e)
        {
            // The other one may have gone on, where it had everything and heard no more.
            if (record.TryWithdraw())
            {
                await StayAsync(present);
                SetCap(present, present.Cpu);
                await talk.TryRefuseAsync(e.Message);
                throw Reasoned(e);
            }
        }

        running.Take(present);
        Tell(present.Name, "given");
        try
        {
            await talk.SayAsync(new Handshake.Step(), CancellationToken.None);
        }
        catch (HypervisorException)
        {
            // It has gone, and finds on the record what was decided.
        }

        await LeaveAsync(present);
        // The network is the other's.
        await RemoveAsync(present with { Network = null });
        record.SayForgotten();
        Tell(present.Name, "forgotten");
        try
        {
            await talk.HearAsync<Handshake.Step>(Handshake.ShortPatience, cancellation);
        }
        catch (Exception e) when (e is HypervisorException or OperationCanceledException)
        {
            // It goes on there when that agent starts again.
        }
    }

    /// <inheritdoc />
    public async Task<RunningVm> ReceiveAsync(string machine, Stream connection, CancellationToken cancellation)
    {
        await using var talk = new Handshake(connection);
        var offer = await talk.HearAsync<Handshake.Offer>(Handshake.LongPatience, cancellation);
        using var name = await names.TakeAsync(offer.Vm.Name, cancellation);
        var arrival = new Arrival(
            offer.Vm with { Machine = machine, ProcessId = 0, ProcessStart = 0, Moves = offer.Vm.Moves + 1, Frequency = null }, offer);
        var record = new MoveRecord(offer.Record);
        if (ReasonAgainst(offer, machine) is { } problem)
        {
            await talk.TryRefuseAsync(problem);
            throw new HypervisorException(problem);
        }

        try
        {
            Tell(offer.Vm.Name, "prepare");
            arrivals.Save(arrival);
            arrival = arrival with { Vm = await CopyInAsync(arrival, talk, cancellation) };
            if (arrival.Vm.Cores is { } cores)
                Groups.SetCores(GroupOf(arrival.Vm), cores);
            arrivals.Save(arrival);
            Tell(offer.Vm.Name, "loaded");
            await talk.SayAsync(new Handshake.Step(), cancellation);
            await DecidedAsync(record, talk, cancellation);
        }
        catch (Exception e)
        {
            if (record.TryWithdraw())
            {
                await RemoveArrivalAsync(arrival);
                arrivals.Delete(arrival);
                await talk.TryRefuseAsync(e.Message);
                throw Reasoned(e);
            }
        }

        Tell(offer.Vm.Name, "land");
        await FinishAsync(arrival);
        SetCap(arrival.Vm, arrival.Vm.Cpu);
        try
        {
            await talk.SayAsync(new Handshake.Step(), cancellation);
        }
        catch (HypervisorException)
        {
            // It is here, whoever hears it.
        }

        Tell(offer.Vm.Name, "landed");
        return arrival.Vm;
    }

    /// <summary>Why one cannot be sent now; null when it can.</summary>
    protected virtual string? ReasonToStay(RunningVm vm) =>
        $"{vm.Name}: the {Name} back end cannot move what runs to another agent";

    /// <summary>Once nothing else can begin with a virtual machine: refuses when it is on its way to another agent, or has gone there.</summary>
    /// <exception cref="HypervisorException">It is.</exception>
    protected void StillHere(RunningVm vm)
    {
        if (leaving.ContainsKey(vm.Name) || running.Find(vm.Name)?.ProcessId != vm.ProcessId)
            throw new HypervisorException($"{vm.Name} moves to another agent");
    }

    /// <summary>Copies one to the receiver. When this returns it is loaded there, and stands still on both sides.</summary>
    protected virtual Task CopyOutAsync(RunningVm vm, MoveRecord record, Handshake talk, CancellationToken cancellation) =>
        throw new HypervisorException(ReasonToStay(vm)!);

    /// <summary>It stays here: lets it run on. The record says so already.</summary>
    protected virtual Task StayAsync(RunningVm vm) => Task.CompletedTask;

    /// <summary>It is the receiver's: before its processes are ended here.</summary>
    protected virtual Task LeaveAsync(RunningVm vm) => Task.CompletedTask;

    /// <summary>The other half of <see cref="CopyOutAsync"/>: when this returns it is loaded here, and stands still.</summary>
    protected virtual Task<RunningVm> CopyInAsync(Arrival arrival, Handshake talk, CancellationToken cancellation) =>
        throw new HypervisorException($"machine {arrival.Vm.Machine}: the {Name} back end cannot take up what runs on another agent");

    /// <summary>It stays with its sender: removes what was made for it here besides processes and control group, nothing of the sender's.</summary>
    protected virtual Task RemoveRestOfArrivalAsync(Arrival arrival) => Task.CompletedTask;

    /// <summary>It is this agent's: takes over its network and lets it run. May be repeated.</summary>
    protected virtual Task LandAsync(Arrival arrival) => Task.CompletedTask;

    /// <summary>The first word about one that is to move.</summary>
    protected Handshake.Offer OfferOf(RunningVm vm, MoveRecord record, string inside) =>
        new(Handshake.BootId, Name, vm, record.Path, inside, Networks.Table(vm.Network!.Value));

    /// <summary>Hears that it is given, or, when the sender has gone, decides it: everything is here.</summary>
    private static async Task DecidedAsync(MoveRecord record, Handshake talk, CancellationToken cancellation)
    {
        try
        {
            await talk.HearAsync<Handshake.Step>(Handshake.ShortPatience, cancellation);
        }
        catch (HypervisorException)
        {
            if (!record.TryGive())
                throw;
        }
    }

    private string? ReasonAgainst(Handshake.Offer offer, string machine)
    {
        if (offer.BackEnd != Name)
            return $"{offer.Vm.Name} is a {offer.BackEnd}, and this agent's back end is {Name}";
        if (offer.Host != Handshake.BootId)
            return $"{offer.Vm.Name}: what runs moves between the agents of one host only; its disk and network cannot be seen from here";
        if (List().Any(present => present.Name == offer.Vm.Name))
            return $"{offer.Vm.Name} runs here already";
        try
        {
            Admit(machine, offer.Vm.Name, offer.Vm.Cpu);
            return null;
        }
        catch (HypervisorException e)
        {
            return e.Message;
        }
    }

    private async Task RemoveArrivalAsync(Arrival arrival)
    {
        await EndGroupAsync(GroupOf(arrival.Vm));
        await RemoveRestOfArrivalAsync(arrival);
    }

    /// <summary>It is given: there is no way back, so what fails is tried again, and once more by the next start.</summary>
    private async Task FinishAsync(Arrival arrival)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await LandAsync(arrival);
                break;
            }
            catch (HypervisorException) when (attempt < LandAttempts)
            {
                await Task.Delay(CapRetryInterval);
            }
        }

        running.Put(arrival.Vm);
        new MoveRecord(arrival.Offer.Record).SayTaken();
        arrivals.Delete(arrival);
    }

    /// <summary>
    /// An agent before this one was sending: what is not decided stays. Returns what is no longer this agent's, and the networks that
    /// their receivers may not have taken yet.
    /// </summary>
    private (HashSet<string> Given, HashSet<int> Networks) SettleDepartures()
    {
        var (given, networks) = (new HashSet<string>(), new HashSet<int>());
        foreach (var record in MoveRecord.All(RecordFolder).Where(record => !record.TryWithdraw()))
        {
            if (record.Read() is not { } content)
                continue;
            given.Add(content.Vm);
            if (content.Network is { } number)
                networks.Add(number);
        }

        return (given, networks);
    }

    /// <summary>An agent before this one was receiving: what was given is taken up, the rest withdrawn.</summary>
    private async Task SettleArrivalsAsync(List<RunningVm> adopted)
    {
        foreach (var arrival in arrivals.All())
        {
            if (adopted.Any(vm => vm.ProcessId == arrival.Vm.ProcessId && vm.ProcessStart == arrival.Vm.ProcessStart) || !new MoveRecord(arrival.Offer.Record).TryWithdraw())
            {
                if (!ProcessTable.Runs(arrival.Vm.ProcessId, arrival.Vm.ProcessStart))
                {
                    // It came, and has ended since.
                    new MoveRecord(arrival.Offer.Record).SayTaken();
                    arrivals.Delete(arrival);
                    continue;
                }

                await FinishAsync(arrival);
                SetCap(arrival.Vm, arrival.Vm.Cpu);
                if (!adopted.Any(vm => vm.Name == arrival.Vm.Name))
                    adopted.Add(arrival.Vm);
            }
            else
            {
                await RemoveArrivalAsync(arrival);
                arrivals.Delete(arrival);
            }
        }
    }
}
