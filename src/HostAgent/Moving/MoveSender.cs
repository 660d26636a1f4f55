using JustRunIt.Events.Messaging;
using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.HostAgent.Moving;

/// <summary>
/// One half of a move between two agents of one host. The copy is loaded at the receiver and stands still; then one rename decides
/// whose it is (<see cref="MoveRecord"/>), and from there on each side only goes forward. Whoever dies at whatever moment, exactly
/// one of both runs it in the end (docs/decisions/0022-moving.md). The other half is <see cref="MoveReceiver"/>.
/// </summary>
internal sealed class MoveSender(BackEndContext context, IBackEnd backEnd, NameLocks names, VmRemoval removal, Troubles troubles)
{
    private string RecordFolder => Path.Combine(context.Settings.StateFolder, "moves");

    /// <summary>Sends one. When this returns it runs there and no longer here.</summary>
    /// <exception cref="HostException">It runs on here.</exception>
    public async Task SendAsync(
        string vm, Stream connection, CancellationToken cancellation, IAnsweredCommand? command = null)
    {
        using var name = await names.TakeAsync(vm, cancellation);
        Expiry.Check(command, context.Parts.Clock);
        var present = context.Running.Present(vm);
        if (backEnd.Mover is not { } mover)
            throw new HostException($"{vm}: the {backEnd.Name} back end cannot move what runs to another agent");
        if (mover.ReasonToStay(present) is { } problem)
            throw new HostException(problem);
        await using var talk = new Handshake(connection);
        using var leaving = context.Running.Leave(vm);
        var record = MoveRecord.New(RecordFolder, vm);
        IAsyncDisposable? lifted = null;
        try
        {
            await DecideAsync(
                mover, present, record, talk, async to => lifted ??= await context.Lift.LiftAsync(present, to), cancellation);
            await LeaveAsync(mover, present, record, talk, cancellation);
        }
        finally
        {
            if (lifted is not null)
                await lifted.DisposeAsync();
        }
    }

    /// <summary>
    /// An agent before this one was sending: what is not decided stays. What is given is the process that was, and nothing else that
    /// has had its name since.
    /// </summary>
    /// <exception cref="ConfigurationException">What is decided cannot be read.</exception>
    public Departures SettleDepartures()
    {
        var (given, undecided, networks) = (new List<MoveRecord.Content>(), new HashSet<string>(), new HashSet<int>());
        foreach (var record in Records())
        {
            var isSettled = troubles.Try($"move {record.Path}", () =>
            {
                if (record.TryWithdraw())
                    return;
                var content = record.Read(context.Settings.Id);
                if (content?.Network is { } number)
                    networks.Add(number);
                if (record.IsForgotten)
                    return;
                given.Add(content ?? throw new HostException("it cannot be read, so that nothing tells which process was given"));
            });
            if (!isSettled)
                undecided.Add(record.Vm);
        }

        return new Departures(given, undecided, networks);
    }

    /// <summary>Once everything of what was given is removed here.</summary>
    public void Forget()
    {
        foreach (var record in Records())
            troubles.Try($"move {record.Path}", record.SayForgotten);
    }

    /// <summary>Offers, copies, and decides. When this returns it is given.</summary>
    /// <exception cref="HostException">It stays, and runs.</exception>
    private async Task DecideAsync(
        IMover mover, RunningVm present, MoveRecord record, Handshake talk, Func<LiftTo, Task> lift, CancellationToken cancellation)
    {
        try
        {
            context.Tell(present.Name, "offer");
            record.Offer(
                new MoveRecord.Content(present.Name, present.Network)
                {
                    ProcessId = present.ProcessId,
                    ProcessStart = present.ProcessStart,
                },
                context.Settings.Id);
            await mover.CopyOutAsync(present, record, talk, lift, cancellation);
            context.Tell(present.Name, "decide");
            if (!record.TryGive())
                throw new HostException("the other agent has withdrawn");
        }
        catch (Exception e)
        {
            // The other one may have gone on, where it had everything and heard no more.
            if (!record.TryWithdraw())
                return;
            await mover.StayAsync(present);
            await talk.TryRefuseAsync(HostException.OneLine(e));
            throw HostException.Of(e);
        }
    }

    /// <summary>
    /// It is given: what fails from here on is a trouble of this agent's, and the move has succeeded.
    /// </summary>
    private async Task LeaveAsync(IMover mover, RunningVm present, MoveRecord record, Handshake talk, CancellationToken cancellation)
    {
        var isNoted = context.Running.Left(present);
        context.Tell(present.Name, "given");
        try
        {
            await talk.SayAsync(new Handshake.Step(), CancellationToken.None);
        }
        catch (HostException)
        {
            // It has gone, and finds on the record what was decided.
        }

        var subject = $"{present.Name}, which was given to another agent";
        await troubles.TryAsync(subject, () => mover.LeaveAsync(present));
        // The network is the other's.
        await troubles.TryAsync(subject, () => removal.RemoveAsync(present with { Network = null }));
        // A process that does not end is ended by the next start, which finds on the record that it was given; so it does where the disk
        // was full, and what it has noted says that it runs here.
        if (isNoted && !ProcessTable.Runs(present.ProcessId, present.ProcessStart))
            troubles.Try(subject, record.SayForgotten);
        context.Tell(present.Name, "forgotten");
        try
        {
            await talk.HearAsync<Handshake.Step>(Handshake.ShortPatience, cancellation);
        }
        catch (Exception e) when (e is HostException or OperationCanceledException)
        {
            // It goes on there when that agent starts again.
        }
    }

    /// <summary>What an agent before this one was sending.</summary>
    /// <param name="Given">Those that are no longer this agent's.</param>
    /// <param name="Undecided">Names of those of which that cannot be told.</param>
    /// <param name="Networks">Networks that the receivers may not have taken yet.</param>
    internal sealed record Departures(
        IReadOnlyList<MoveRecord.Content> Given, IReadOnlySet<string> Undecided, IReadOnlySet<int> Networks)
    {
        /// <summary>Whether it is no longer this agent's.</summary>
        public bool HasGiven(RunningVm vm) => Given.Any(given => given.IsOf(vm));
    }

    private IReadOnlyList<MoveRecord> Records()
    {
        try
        {
            return MoveRecord.All(RecordFolder);
        }
        catch (Exception e) when (HostException.IsOfTheSystem(e))
        {
            throw new ConfigurationException(
                $"stateFolder: {RecordFolder} cannot be read ({HostException.OneLine(e)}), and nothing else tells what has left");
        }
    }
}
