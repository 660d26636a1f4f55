using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Moving;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.Secrets;

namespace JustRunIt.HostAgent.BackEnds;

/// <summary>What a back end works with.</summary>
/// <param name="Parts">What the host is built from.</param>
/// <param name="Groups">Control groups of what runs.</param>
/// <param name="Lift">Lifts caps while something is copied.</param>
/// <param name="Running">What runs.</param>
/// <param name="Logs">Where the output of what runs goes.</param>
internal sealed record BackEndContext(HostParts Parts, VmGroups Groups, CapLift Lift, RunningVms Running, VmLogs Logs)
{
    /// <summary>The agent's settings.</summary>
    public AgentSettings Settings => Parts.Settings;

    /// <summary>Networks of clones.</summary>
    public SandboxNetworks Networks => Parts.Networks;

    /// <summary>What servers are told and nobody else.</summary>
    public ServerSecrets Secrets { get; } = new(Parts.Settings.StateFolder);

    /// <summary>Says how far a lengthy work has come.</summary>
    public void Tell(string vm, string phase) => Parts.Progress?.Report(new Phase(vm, phase));

    /// <summary>What a live clone will be: its original in a network of its own, at the same port.</summary>
    public static RunningVm LiveClone(RunningVm original, CloneVm command, int network) => new(
        command.CloneName,
        command.SandboxMachine,
        original.Start,
        original.Cpu,
        original.Memory,
        SandboxNetworks.CloneAddress(network) + original.Endpoint[original.Endpoint.LastIndexOf(':')..],
        0,
        0,
        new CloneOrigin(command))
    {
        Network = network,
        Details = original.Details,
    };

    /// <summary>The first word about one that is to move.</summary>
    public Handshake.Offer OfferOf(string backEnd, RunningVm vm, MoveRecord record, string inside) =>
        new(Handshake.BootId, backEnd, vm, record.Path, inside, Networks.Table(vm.Network!.Value));
}

/// <summary>What every back end can be asked.</summary>
internal static class BackEndExtensions
{
    /// <summary>The last words of one that has ended; null while it runs.</summary>
    public static string? Ended(this IBackEnd backEnd, RunningVm vm) => vm.Ended(backEnd.LastWords);

    /// <summary>
    /// Refuses a program that the agent's file does not allow with that next tier, or that would begin where others write.
    /// </summary>
    /// <exception cref="HostException">It is refused: field, value, what is allowed.</exception>
    public static void Allow(this IBackEnd backEnd, AgentSettings settings, VmProgram program, string? next)
    {
        if (settings.Allowed is not { } allowed)
            return;
        allowed.Check(program, next);
        backEnd.CheckFolder(program);
    }
}
