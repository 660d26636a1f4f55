using System.Diagnostics;
using JustRunIt.Events.Naming;
using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.HostAgent.Moving;

/// <summary>The other half of a move between two agents of one host (<see cref="MoveSender"/>).</summary>
internal sealed class MoveReceiver(BackEndContext context, IBackEnd backEnd, NameLocks names, Admission admission, Troubles troubles)
{
    // The sender waits longer for the word that it has landed.
    private static readonly TimeSpan LandPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LandPatienceAtStart = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FirstLandPause = TimeSpan.FromMilliseconds(20);
    private readonly Arrivals arrivals = new(context.Settings);

    /// <summary>Takes up a virtual machine that another agent sends.</summary>
    /// <param name="machine">Where it is to run.</param>
    /// <param name="connection">To the sender.</param>
    /// <param name="expected">Which was told of; null for any.</param>
    /// <param name="cancellation">Gives up, where that can still be done.</param>
    /// <exception cref="HostException">It stays with its sender, and nothing of it is here.</exception>
    public async Task<RunningVm> ReceiveAsync(string machine, Stream connection, string? expected, CancellationToken cancellation)
    {
        await using var talk = new Handshake(connection);
        var offer = await talk.HearAsync<Handshake.Offer>(Handshake.LongPatience, cancellation);
        if (OfferCheck.Problem(offer, expected) is { } wrong)
        {
            await talk.TryRefuseAsync(wrong);
            throw new HostException(wrong);
        }

        using var name = await names.TakeAsync(offer.Vm.Name, cancellation);
        var arrival = new Arrival(
            offer.Vm with
            {
                Machine = machine,
                MovingTo = null,
                ProcessId = 0,
                ProcessStart = 0,
                Moves = offer.Vm.Moves + 1,
                Frequency = null,
            },
            offer);
        using var admitted = await AdmitAsync(offer, machine, talk);
        var mover = MoverFor(arrival);
        arrival = await LoadAsync(mover, arrival, talk, cancellation);
        context.Tell(offer.Vm.Name, "land");
        await troubles.TryAsync(
            $"{offer.Vm.Name}, which was given to this agent and is taken up once more by the next start",
            () => FinishAsync(mover, arrival, LandPatience));
        troubles.Try(offer.Vm.Name, () => context.Groups.Cap(arrival.Vm, arrival.Vm.Cpu));
        try
        {
            await talk.SayAsync(new Handshake.Step(), cancellation);
        }
        catch (HostException)
        {
            // It is here, whoever hears it.
        }

        context.Tell(offer.Vm.Name, "landed");
        return arrival.Vm;
    }

    /// <summary>An agent before this one was receiving: what was given is taken up, the rest withdrawn.</summary>
    /// <param name="adopted">What runs; what was given is added. Its caps are set with theirs.</param>
    /// <param name="isNewest">Whether what runs is known from the newest record, which has every arrival that came to its end.</param>
    /// <param name="unknown">Names of what no record explains, or explains wrongly.</param>
    /// <returns>What was given and has ended before it was noted.</returns>
    /// <exception cref="ConfigurationException">What is on its way here cannot be read: it would pass for what nobody knows.</exception>
    public async Task<IReadOnlyList<VmExit>> SettleArrivalsAsync(
        List<RunningVm> adopted, bool isNewest, IReadOnlySet<string> unknown)
    {
        var gone = new List<VmExit>();
        foreach (var arrival in arrivals.All(troubles))
        {
            await troubles.TryAsync($"{arrival.Vm.Name}, on its way here", async () =>
            {
                if (await SettleAsync(arrival, adopted, isNewest, unknown) is { } exit)
                    gone.Add(exit);
            });
        }

        return gone;
    }

    private async Task<VmExit?> SettleAsync(
        Arrival arrival, List<RunningVm> adopted, bool isNewest, IReadOnlySet<string> unknown)
    {
        var (vm, record) = (arrival.Vm, new MoveRecord(arrival.Offer.Record));
        var runs = ProcessTable.Runs(vm.ProcessId, vm.ProcessStart);
        var isHere = adopted.Any(other => other.ProcessId == vm.ProcessId && other.ProcessStart == vm.ProcessStart);
        if (!isHere && !record.Exists && (unknown.Contains(vm.Name) || (!isNewest && runs)))
            throw new HostException("whether it was given or withdrawn is on no record any more");
        if (!isHere && adopted.Any(other => other.Name == vm.Name))
        {
            // Something else has its name by now, which nothing could have while it was coming: this is long over.
            if (!record.TryWithdraw())
                record.SayTaken();
            arrivals.Delete(arrival);
            return null;
        }

        if (!isHere && record.TryWithdraw())
        {
            await RemoveAsync(MoverFor(arrival), arrival);
            arrivals.Delete(arrival);
            return null;
        }

        if (!runs)
        {
            // It came, and has ended since; whoever told it to move waits for a word of it.
            record.SayTaken();
            arrivals.Delete(arrival);
            return new VmExit(vm, "its processes ended while no agent watched, when it had just come here");
        }

        // Whatever becomes of its landing, it is this agent's.
        context.Running.Adopt(vm);
        if (!isHere)
            adopted.Add(vm);
        await FinishAsync(MoverFor(arrival), arrival, LandPatienceAtStart);
        return null;
    }

    /// <summary>Copies it in, and hears or decides that it is given.</summary>
    private async Task<Arrival> LoadAsync(IMover mover, Arrival arrival, Handshake talk, CancellationToken cancellation)
    {
        var (vm, record) = (arrival.Vm.Name, new MoveRecord(arrival.Offer.Record));
        try
        {
            context.Tell(vm, "prepare");
            arrivals.Save(arrival);
            arrival = arrival with { Vm = await mover.CopyInAsync(arrival, talk, cancellation) };
            if (arrival.Vm.Cores is { } cores)
                context.Parts.Groups.SetCores(VmGroups.Of(arrival.Vm), cores);
            arrivals.Save(arrival);
            context.Tell(vm, "loaded");
            await talk.SayAsync(new Handshake.Step(), cancellation);
            await DecidedAsync(record, talk, cancellation);
        }
        catch (Exception e)
        {
            if (record.TryWithdraw())
            {
                await RemoveAsync(mover, arrival);
                arrivals.Delete(arrival);
                await talk.TryRefuseAsync(HostException.OneLine(e));
                throw HostException.Of(e);
            }
        }

        return arrival;
    }

    /// <summary>Hears that it is given, or, when the sender has gone, decides it: everything is here.</summary>
    private static async Task DecidedAsync(MoveRecord record, Handshake talk, CancellationToken cancellation)
    {
        try
        {
            await talk.HearAsync<Handshake.Step>(Handshake.ShortPatience, cancellation);
        }
        catch (HostException)
        {
            if (!record.TryGive())
                throw;
        }
    }

    /// <summary>
    /// It is given: there is no way back, so what fails is tried again, and once more by the next start. Whatever becomes of its landing,
    /// it is this agent's.
    /// </summary>
    private async Task FinishAsync(IMover mover, Arrival arrival, TimeSpan patience)
    {
        context.Running.Adopt(arrival.Vm);
        var begin = Stopwatch.GetTimestamp();
        for (var pause = FirstLandPause; ; pause *= 2)
        {
            try
            {
                await mover.LandAsync(arrival);
                break;
            }
            catch (Exception e) when (
                (e is HostException || HostException.IsOfTheSystem(e)) && Stopwatch.GetElapsedTime(begin) + pause < patience)
            {
                await Task.Delay(pause);
            }
        }

        context.Running.Put(arrival.Vm);
        new MoveRecord(arrival.Offer.Record).SayTaken();
        arrivals.Delete(arrival);
    }

    private async Task RemoveAsync(IMover mover, Arrival arrival)
    {
        await context.Groups.EndAsync(VmGroups.Of(arrival.Vm));
        await mover.RemoveRestOfArrivalAsync(arrival);
    }

    private IMover MoverFor(Arrival arrival) => backEnd.Mover ?? throw new HostException(
        $"machine {arrival.Vm.Machine}: the {backEnd.Name} back end cannot take up what runs on another agent");

    /// <summary>Promises it its part of the machine until it runs here, or does not.</summary>
    /// <exception cref="HostException">It is refused, and the sender told.</exception>
    private async Task<IDisposable> AdmitAsync(Handshake.Offer offer, string machine, Handshake talk)
    {
        try
        {
            VmName.Check(offer.Vm.Name);
            backEnd.Allow(context.Settings, offer.Vm.Start.Program, offer.Vm.Start.Program.Next);
            admission.Check(offer.Vm.Cpu, offer.Vm.Memory);
            var listen = Endpoint.Parse(offer.Vm.Endpoint, EndpointKinds.HostName);
            return (ReasonAgainst(offer, machine) ?? Listeners.ProblemOfRunning(listen)) is { } problem
                ? throw new HostException(problem)
                : admission.Admit(machine, offer.Vm.Name, offer.Vm.Cpu, offer.Vm.Memory, listen);
        }
        catch (HostException e)
        {
            await talk.TryRefuseAsync(e.Message);
            throw;
        }
    }

    private string? ReasonAgainst(Handshake.Offer offer, string machine)
    {
        if (offer.BackEnd != backEnd.Name)
            return $"{offer.Vm.Name} is a {Name.Shown(offer.BackEnd)}, and this agent's back end is {backEnd.Name}";
        if (offer.Host != Handshake.BootId)
            return $"{offer.Vm.Name}: what runs moves between the agents of one host only; its disk and network cannot be seen from here";
        if (context.Running.Find(offer.Vm.Name) is not null)
            return $"{offer.Vm.Name} runs here already";
        if (context.Running.WhyTaken(offer.Vm.Name) is { } taken)
            return taken;
        // Its network and rules are its sender's: what bears this agent's mark, or a number that this agent uses, is somebody else's.
        if (offer.Namespace.Contains($"-{context.Settings.Id}-", StringComparison.Ordinal)
            || offer.Table.Contains($"_{context.Settings.Id}_", StringComparison.Ordinal)
            || context.Running.UsesNetwork(offer.Vm.Network!.Value))
            return $"{offer.Vm.Name}: network {offer.Vm.Network} is used by this agent";
        if (context.Parts.Groups.Processes(GroupPath.Of(machine, offer.Vm.Name)).Count > 0)
            return $"{offer.Vm.Name}: its control group on machine {machine} has processes here already";
        return backEnd.Mover is null ? $"the {backEnd.Name} back end cannot take up what runs on another agent" : null;
    }
}
