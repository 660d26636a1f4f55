using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Bus;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Networks;
using JustRunIt.Hosting;

namespace JustRunIt.HostAgent.Processes;

/// <summary>
/// Virtual machines that are processes in capped control groups. A clone is a second instance started cold, in a network of
/// its own: the paper's configuration without VM cloning (§2.2.1).
/// </summary>
internal sealed class ProcessBackEnd(BackEndContext context) : IBackEnd
{
    /// <inheritdoc />
    public string Name => "process";

    /// <summary>What a process has open and mapped is nowhere but in it.</summary>
    public IMover? Mover => null;

    /// <inheritdoc />
    public bool HasOwnNetwork => false;

    /// <inheritdoc />
    public Task<RunningVm> BootAsync(StartVm command, CancellationToken cancellation) => LaunchAsync(
        Allocations.NewVm(command),
        command.Program.Next,
        cancellation);

    /// <inheritdoc />
    public async Task<Duplicate> DuplicateAsync(RunningVm original, CloneVm command, CancellationToken cancellation)
    {
        var program = original.Start.Program;
        context.Tell(command.CloneName, "network");
        ProgramCheck.Next(program, command.Next);
        this.Allow(context.Settings, program, command.Next);
        var isAlone = context.Settings.Isolation == Isolation.Namespace;
        var outProxy = isAlone ? await NetworkAddress.ReadAsync("next", command.Next) : null;
        int? network = isAlone ? await context.Networks.CreateAsync(outProxy) : null;
        try
        {
            var (listen, next) = network is { } number
                ? ($"{SandboxNetworks.CloneAddress(number)}:{ProgramCheck.Listen(program).Port}", InSandbox(outProxy, number))
                : ($"127.0.0.1:{FreePort.Find()}", command.Next);
            context.Tell(command.CloneName, "start");
            var clone = new RunningVm(
                command.CloneName,
                command.SandboxMachine,
                original.Start,
                Allocations.CpuOf(original.Start),
                Allocations.MemoryOf(original.Start),
                listen,
                0,
                0,
                new CloneOrigin(command))
            {
                Network = network,
            };
            return new Duplicate(await LaunchAsync(clone, next, cancellation), Cold: true, TimeSpan.Zero, 0);
        }
        catch
        {
            if (network is { } number)
                await context.Networks.DestroyAsync(number);
            throw;
        }
    }

    /// <inheritdoc />
    public Task RemoveRestAsync(RunningVm vm) => vm.Network is { } number ? context.Networks.DestroyAsync(number) : Task.CompletedTask;

    /// <inheritdoc />
    public Task RemoveRestAsync(string name) => Task.CompletedTask;

    /// <inheritdoc />
    public MemorySize GroupMemory(RunningVm vm) => vm.Memory;

    /// <inheritdoc />
    public Task<MemorySize> SetMemoryAsync(
        RunningVm vm, MemorySize limit, CancellationToken cancellation, IAnsweredCommand? command = null) =>
        Task.FromResult(context.Groups.LimitMemory(vm, limit));

    /// <inheritdoc />
    public void CheckFolder(VmProgram program) => WorkingFolder.Check(program.WorkingDirectory);

    /// <inheritdoc />
    public string LogOf(string vm, int? process) => context.Logs.Of(vm);

    /// <inheritdoc />
    public string LastWords(string vm) => Launcher.LastWords(context.Logs.Of(vm));

    /// <inheritdoc />
    public Task SettleAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <inheritdoc />
    public Task ResumeAsync(RunningVm vm, CancellationToken cancellation) => Task.CompletedTask;

    /// <inheritdoc />
    public Task SweepAsync(IReadOnlyList<RunningVm> adopted, IReadOnlySet<string> untouched, Troubles troubles) =>
        Task.CompletedTask;

    private static string? InSandbox(Endpoint? next, int number) =>
        next is null ? null : $"{SandboxNetworks.HostAddress(number)}:{next.Port}";

    private Task<RunningVm> LaunchAsync(RunningVm vm, string? next, CancellationToken cancellation)
    {
        var inside = vm.Network is { } number ? context.Networks.Namespace(number) : null;
        var program = context.Secrets.Reveal(vm.Start.Program);
        return context.Groups.FillAsync(
            vm,
            GroupMemory(vm),
            groups => Task.FromResult(Launcher.Start(program, vm.Endpoint, next, groups, inside, context.Logs.New(vm.Name))),
            cancellation);
    }
}
