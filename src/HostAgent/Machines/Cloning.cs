using System.Diagnostics;
using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.BackEnds;

namespace JustRunIt.HostAgent.Machines;

/// <summary>Clones an on-line virtual machine into a sandbox (§2.2.1).</summary>
internal sealed class Cloning(BackEndContext context, IBackEnd backEnd, Admission admission, VmRemoval removal, NameLocks names)
{
    /// <summary>Makes a clone that serves. The same request twice gives the same clone.</summary>
    /// <exception cref="HostException">It cannot be made; the original runs on, and nothing of the clone is left.</exception>
    public async Task<CloneResult> CloneAsync(CloneVm command, CancellationToken cancellation)
    {
        var begin = Stopwatch.GetTimestamp();
        VmName.Check(command.CloneName);
        using var name = await names.TakeAsync(command.CloneName, cancellation);
        if (context.Running.Find(command.CloneName) is { Origin.Result: { } made })
            return made;
        var original = context.Running.Find(command.Vm) is { Origin: null } found
            ? found
            : throw new HostException($"virtual machine {command.Vm} does not run on a machine of agent {context.Settings.Agent}");
        admission.Admit(command.SandboxMachine, command.CloneName, original.Cpu);
        var copy = await HostException.OfAsync(backEnd.DuplicateAsync(original, command, cancellation));
        try
        {
            context.Tell(copy.Vm.Name, "health");
            await HealthCheck.WaitAsync(
                copy.Vm.Endpoint, original.Start.Program.HealthPath, () => backEnd.Ended(copy.Vm), cancellation, HealthCheck.ClonePatience);
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
}
