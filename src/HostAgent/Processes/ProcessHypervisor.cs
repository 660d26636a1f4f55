using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Hypervisors;
using JustRunIt.HostAgent.Networks;
using JustRunIt.Hosting;

namespace JustRunIt.HostAgent.Processes;

/// <summary>
/// Virtual machines that are processes in capped control groups. A clone is a second instance started cold, in a network of
/// its own: the paper's configuration without VM cloning (§2.2.1).
/// </summary>
internal sealed class ProcessHypervisor(HostParts parts) : Hypervisor(parts)
{
    /// <inheritdoc />
    public override string Name => "process";

    /// <inheritdoc />
    protected override Task<RunningVm> BootAsync(StartVm command, CancellationToken cancellation) => LaunchAsync(
        new RunningVm(command.Vm, command.Machine, command, command.Cpu, command.Memory, command.Program.Listen, 0, 0, null),
        command.Program.Next,
        cancellation);

    /// <inheritdoc />
    protected override async Task<Duplicate> DuplicateAsync(RunningVm original, CloneVm command, CancellationToken cancellation)
    {
        var program = original.Start.Program;
        Tell(command.CloneName, "network");
        int? network = Settings.Isolation == Isolation.Namespace ? await Networks.CreateAsync(command.Next) : null;
        try
        {
            var (listen, next) = network is { } number
                ? (SandboxNetworks.CloneAddress(number) + program.Listen[program.Listen.LastIndexOf(':')..], InSandbox(command.Next, number))
                : ($"127.0.0.1:{FreePort.Find()}", command.Next);
            Tell(command.CloneName, "start");
            var clone = new RunningVm(
                command.CloneName, command.SandboxMachine, original.Start, original.Start.Cpu, original.Start.Memory, listen, 0, 0, new CloneOrigin(command))
            {
                Network = network,
            };
            return new Duplicate(await LaunchAsync(clone, next, cancellation), Cold: true, TimeSpan.Zero, 0);
        }
        catch
        {
            if (network is { } number)
                await Networks.DestroyAsync(number);
            throw;
        }
    }

    /// <inheritdoc />
    protected override Task RemoveRestAsync(RunningVm vm) => vm.Network is { } number ? Networks.DestroyAsync(number) : Task.CompletedTask;

    /// <inheritdoc />
    protected override Task SweepAsync(IReadOnlyList<RunningVm> adopted) => Task.CompletedTask;

    private static string? InSandbox(string? next, int number) =>
        next is null ? null : SandboxNetworks.HostAddress(number) + next[next.LastIndexOf(':')..];

    private Task<RunningVm> LaunchAsync(RunningVm vm, string? next, CancellationToken cancellation)
    {
        var inside = vm.Network is { } number ? Networks.Namespace(number) : null;
        return InGroupAsync(
            vm,
            groups => Task.FromResult(Launcher.Start(vm.Start.Program, vm.Endpoint, next, groups, inside, NewLog(vm.Name))),
            cancellation);
    }
}
