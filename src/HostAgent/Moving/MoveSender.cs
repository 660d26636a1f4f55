using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Machines;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.HostAgent.Moving;

/// <summary>
/// One half of a move between two agents of one host. The copy is loaded at the receiver and stands still; then one rename decides
/// whose it is (<see cref="MoveRecord"/>), and from there on each side only goes forward. Whoever dies at whatever moment, exactly
/// one of both runs it in the end (docs/decisions/0022-moving.md). The other half is <see cref="MoveReceiver"/>.
/// </summary>
internal sealed class MoveSender(BackEndContext context, IBackEnd backEnd, NameLocks names, VmRemoval removal)
{
    private string RecordFolder => Path.Combine(context.Settings.StateFolder, "moves");

    /// <summary>Sends one. When this returns it runs there and no longer here.</summary>
    /// <exception cref="HostException">It runs on here.</exception>
    public async Task SendAsync(string vm, Stream connection, CancellationToken cancellation)
    {
        using var name = await names.TakeAsync(vm, cancellation);
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
    /// An agent before this one was sending: what is not decided stays.
    /// </summary>
    /// <exception cref="ConfigurationException">What is decided cannot be read.</exception>
    public Departures SettleDepartures(Troubles troubles)
    {
        var (given, undecided, networks) = (new HashSet<string>(), new HashSet<string>(), new HashSet<int>());
        foreach (var record in Records())
        {
            var isSettled = troubles.Try($"move {record.Path}", () =>
            {
                if (record.TryWithdraw())
                    return;
                given.Add(record.Vm);
                if (record.Read(context.Settings.Id)?.Network is { } number)
                    networks.Add(number);
            });
            if (!isSettled)
                undecided.Add(record.Vm);
        }

        return new Departures(given, undecided, networks);
    }

    /// <summary>Once everything of what was given is removed here.</summary>
    public void Forget(Troubles troubles)
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
            record.Offer(new MoveRecord.Content(present.Name, present.Network), context.Settings.Id);
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

    private async Task LeaveAsync(IMover mover, RunningVm present, MoveRecord record, Handshake talk, CancellationToken cancellation)
    {
        context.Running.Left(present);
        context.Tell(present.Name, "given");
        try
        {
            await talk.SayAsync(new Handshake.Step(), CancellationToken.None);
        }
        catch (HostException)
        {
            // It has gone, and finds on the record what was decided.
        }

        await mover.LeaveAsync(present);
        // The network is the other's.
        await removal.RemoveAsync(present with { Network = null });
        record.SayForgotten();
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
    /// <param name="Given">Names of those that are no longer this agent's.</param>
    /// <param name="Undecided">Names of those of which that cannot be told.</param>
    /// <param name="Networks">Networks that the receivers may not have taken yet.</param>
    internal sealed record Departures(IReadOnlySet<string> Given, IReadOnlySet<string> Undecided, IReadOnlySet<int> Networks);

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
