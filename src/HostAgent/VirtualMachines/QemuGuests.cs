using System.Globalization;
using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Bus;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.Processes;
using JustRunIt.Hosting.Files;

namespace JustRunIt.HostAgent.VirtualMachines;

/// <summary>The QEMU processes of what runs: started, talked to, and their disks kept short.</summary>
internal sealed class QemuGuests(BackEndContext context, Accelerator accelerator, TapNetworks networks, VmDisks disks)
{
    private const string VirtualCpusKey = "virtualCpus";
    private const string InnerKey = "inner";

    private readonly NameLocks monitors = new();

    /// <summary>What one must know of itself after a restart.</summary>
    public IReadOnlyDictionary<string, string> DetailsOf(string machine, int network) => new Dictionary<string, string>
    {
        [VirtualCpusKey] = VirtualCpusOn(machine).ToString(CultureInfo.InvariantCulture),
        [InnerKey] = network.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Number of the inner address of one, which a clone has from its original.</summary>
    public static int InnerOf(RunningVm vm) => int.Parse(vm.Details[InnerKey], CultureInfo.InvariantCulture);

    /// <summary>Name of the namespace that one's QEMU runs in.</summary>
    public string NamespaceOf(RunningVm vm) => networks.NamespaceOf(vm.Network!.Value, clone: vm.Origin is not null);

    /// <summary>QEMU talks to one client at a time: waits for its monitor.</summary>
    public Task<IDisposable> AloneAsync(string vm, CancellationToken cancellation) => monitors.TakeAsync(vm, cancellation);

    /// <summary>Opens one's monitor.</summary>
    /// <exception cref="HostException">QEMU has ended, or does not answer.</exception>
    public Task<QmpClient> OpenAsync(RunningVm vm, CancellationToken cancellation) =>
        QmpClient.OpenAsync(disks.Socket(vm.Name), () => Ended(vm), cancellation);

    /// <summary>
    /// The last line that its guest wrote: its kernel's last one, in brackets with the time, is always that it powers down.
    /// </summary>
    public string LastWords(string vm) => Launcher.LastWords(context.Logs.Of(vm), line => !line.StartsWith('['));

    /// <summary>Starts a QEMU.</summary>
    /// <param name="vm">What it is to be.</param>
    /// <param name="guest">What it boots.</param>
    /// <param name="disk">Its disk; null for none.</param>
    /// <param name="incoming">True when it is to be given another's memory.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="anothersNamespace">Network namespace of a sender that it takes the place of; null for its own.</param>
    public async Task<RunningVm> LaunchAsync(
        RunningVm vm,
        Guest guest,
        (string File, string Node)? disk,
        bool incoming,
        CancellationToken cancellation,
        string? anothersNamespace = null)
    {
        var inner = InnerOf(vm);
        var (listen, next) = await NetworkAddress.OfAsync(vm.Start.Program);
        var memory = Allocations.MemoryOf(vm.Start);
        var command = new QemuCommand(
            vm.Name,
            accelerator,
            int.Parse(vm.Details[VirtualCpusKey], CultureInfo.InvariantCulture),
            memory,
            guest,
            guest.Kernel is null ? null : TapNetworks.KernelArgument(inner, vm.Start.Vm),
            TapNetworks.Mac(inner),
            TapNetworks.TapOf(vm),
            disk?.File,
            disk?.Node ?? "",
            disks.Socket(vm.Name),
            incoming,
            Paused: anothersNamespace is not null);
        OwnerOnly.OwnFolder(Path.GetDirectoryName(command.Socket)!);
        var program = vm.Start.Program;
        var qemu = program with
        {
            Executable = QemuCommand.Program,
            Arguments = command.Arguments,
            Environment = new Dictionary<string, string>(),
            WorkingDirectory = "/",
        };
        return await context.Groups.FillAsync(
            vm,
            QemuCommand.MemoryOf(memory),
            groups => Task.FromResult(Launcher.Start(
                qemu,
                ContainerNetworks.InnerListen(inner, listen),
                ContainerNetworks.InnerNext(inner, next),
                groups,
                anothersNamespace ?? NamespaceOf(vm),
                context.Logs.New(vm.Name),
                isOurs: true,
                input: command.Configuration)),
            cancellation);
    }

    /// <summary>Layers that clones left; what cannot be merged now is merged after the next clone.</summary>
    public async Task MergeAsync(RunningVm original)
    {
        try
        {
            using var alone = await AloneAsync(original.Name, CancellationToken.None);
            if (VmDisks.IsUnderneath(original, context.Running) || Ended(original) is not null)
                return;
            await using var qemu = await OpenAsync(original, CancellationToken.None);
            await disks.MergeAsync(original.Name, qemu, CancellationToken.None);
        }
        catch (Exception e) when (e is HostException or OperationCanceledException || HostException.IsOfTheSystem(e))
        {
            // The chain stays as it is, and serves.
        }
    }

    /// <summary>Removes disk and network of one. What is gone is no error.</summary>
    public async Task RemoveRestAsync(string name, int? network)
    {
        disks.Delete(name);
        if (network is { } number)
            await context.Networks.DestroyAsync(number);
    }

    /// <summary>The last words of one that has ended; null while it runs.</summary>
    public string? Ended(RunningVm vm) => vm.Ended(LastWords);

    /// <summary>As many as the machine has cores: the cap, not their number, limits what they get.</summary>
    private int VirtualCpusOn(string machine)
    {
        var cores = context.Settings.Real(context.Settings.Machine(machine).Cpu).Cores;
        return Math.Clamp((int)Math.Ceiling(cores - 1e-9), 1, Environment.ProcessorCount);
    }
}
