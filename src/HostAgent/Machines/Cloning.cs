using System.Diagnostics;
using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Bus;

namespace JustRunIt.HostAgent.Machines;

/// <summary>Clones an on-line virtual machine into a sandbox (§2.2.1), and destroys clones, also those that are being made.</summary>
internal sealed class Cloning(
    BackEndContext context, IBackEnd backEnd, Admission admission, Beginnings beginnings, VmRemoval removal, NameLocks names)
{
    private const int MostCalledOff = 1000;
    private static readonly TimeSpan CalledOffFor = TimeSpan.FromHours(1);

    private readonly Lock gate = new();
    private readonly Dictionary<string, (CancellationTokenSource Wanted, string Subject)> making = [];

    // Commands of two kinds are in two queues: the word that a clone is not wanted may come before the one that asks for it. It counts
    // for whoever has said it: nobody keeps another's clone from being made.
    private readonly Dictionary<(string Clone, string Subject), DateTimeOffset> calledOff = [];

    private TimeProvider Clock => context.Parts.Clock;

    /// <summary>Makes a clone that serves. The same request twice gives the same clone.</summary>
    /// <exception cref="HostException">It cannot be made; the original runs on, and nothing of the clone is left.</exception>
    public async Task<CloneResult> CloneAsync(CloneVm command, CancellationToken cancellation)
    {
        var begin = Stopwatch.GetTimestamp();
        VmName.Check(command.CloneName);
        using var name = await names.TakeAsync(command.CloneName, cancellation);
        if (context.Running.Find(command.CloneName) is { } present)
        {
            return present.Origin is { Result: { } made } origin && origin.Command.RequestId == command.RequestId
                ? made
                : throw new HostException($"cloneName: {context.Running.WhyTaken(command.CloneName)}; allowed is another name");
        }

        if (context.Running.WhyTaken(command.CloneName) is { } taken)
            throw new HostException(taken);
        Expiry.Check(command, Clock);
        var original = context.Running.Find(command.Vm) is { Origin: null } found
            ? found
            : throw new HostException($"virtual machine {command.Vm} does not run on a machine of agent {context.Settings.Agent}");
        using var admitted = admission.Admit(command.SandboxMachine, command.CloneName, original.Cpu, original.Memory);
        using var wanted = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Begin(command, wanted);
        try
        {
            return await beginnings.BeginAsync(
                command.CloneName, command.SandboxMachine, () => MakeAsync(command, original, begin, wanted.Token, cancellation));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw CalledOff(command.CloneName);
        }
        finally
        {
            lock (gate)
                making.Remove(command.CloneName);
        }
    }

    /// <summary>Destroys a clone, or sees to it that there will be none.</summary>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="HostException">It is no clone, or another's.</exception>
    public async Task<bool> DestroyAsync(string clone, string subject, CancellationToken cancellation)
    {
        lock (gate)
        {
            if (!making.TryGetValue(clone, out var being))
                CallOff((clone, subject));
            else if (being.Subject == subject)
                being.Wanted.Cancel();
            else
                throw Authority.Others(clone, subject, being.Subject);
        }

        // Whoever makes it lets go of the name when nothing of it is left, or when it is made after all.
        using var name = await names.TakeAsync(clone, cancellation);
        if ((context.Running.Find(clone) ?? context.Running.StillEnding(clone)) is not { } present)
            return false;
        lock (gate)
            calledOff.Remove((clone, subject));
        Authority.Check(present, subject);
        if (present.Origin is null)
            throw new HostException($"cloneName: {clone} is on-line, and no clone");
        if ((context.Running.End(clone) ?? context.Running.StillEnding(clone)) is not { } last)
            return false;
        await removal.RemoveAsync(last);
        context.Running.Ended(clone);
        return true;
    }

    private static HostException CalledOff(string clone) => new($"{clone} was destroyed on command before it was ready");

    /// <param name="command">The command.</param>
    /// <param name="original">The original.</param>
    /// <param name="begin">When it began.</param>
    /// <param name="wanted">Ends when nobody wants it any more. A copy is not broken off for that: its original may stand still.</param>
    /// <param name="cancellation">Gives up.</param>
    private async Task<CloneResult> MakeAsync(
        CloneVm command, RunningVm original, long begin, CancellationToken wanted, CancellationToken cancellation)
    {
        var copy = await HostException.OfAsync(backEnd.DuplicateAsync(original, command, cancellation));
        using var written = context.Logs.Begin(copy.Vm);
        try
        {
            wanted.ThrowIfCancellationRequested();
            context.Tell(copy.Vm.Name, "health");
            await HealthCheck.WaitAsync(
                copy.Vm.Endpoint, original.Start.Program.HealthPath, () => backEnd.Ended(copy.Vm), wanted, HealthCheck.ClonePatience);
            var took = Stopwatch.GetElapsedTime(begin);
            var result = new CloneResult(copy.Vm.Endpoint, copy.Cold, copy.Pause, took, copy.BytesCopied);
            context.Groups.Cap(copy.Vm, original.Cpu);
            context.Running.Put(copy.Vm with { Cpu = original.Cpu, Origin = new CloneOrigin(command, result) });
            return result;
        }
        catch
        {
            await removal.RemoveAsync(copy.Vm);
            throw;
        }
    }

    private void Begin(CloneVm command, CancellationTokenSource wanted)
    {
        lock (gate)
        {
            if (calledOff.Remove((command.CloneName, command.Subject)))
                throw CalledOff(command.CloneName);
            making.Add(command.CloneName, (wanted, command.Subject));
        }
    }

    private void CallOff((string Clone, string Subject) one)
    {
        var now = Clock.GetUtcNow();
        foreach (var old in calledOff.Where(entry => entry.Value <= now - CalledOffFor).Select(entry => entry.Key).ToList())
            calledOff.Remove(old);
        if (calledOff.Count >= MostCalledOff)
            calledOff.Remove(calledOff.MinBy(entry => entry.Value).Key);
        calledOff[one] = now;
    }
}
