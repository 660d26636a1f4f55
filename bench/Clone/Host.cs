using System.Globalization;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.Processes;
using JustRunIt.Hosting;

namespace JustRunIt.Bench.Clone;

/// <summary>What one heap size gave.</summary>
/// <param name="BackEnd">The back end.</param>
/// <param name="HeapMegabytes">Live heap.</param>
/// <param name="Cold">Whether the clone was started afresh.</param>
/// <param name="Pause">How long the original stood still, as the back end says.</param>
/// <param name="LongestOnOpen">Longest wait for a reply on an open connection to the original while it was cloned.</param>
/// <param name="LongestOnNew">The same from the opening of a new connection.</param>
/// <param name="Total">From the command to a healthy clone.</param>
/// <param name="Bytes">Memory and disk moved.</param>
internal sealed record CloneFigures(
    string BackEnd,
    int HeapMegabytes,
    bool Cold,
    TimeSpan Pause,
    TimeSpan LongestOnOpen,
    TimeSpan LongestOnNew,
    TimeSpan Total,
    long Bytes);

/// <summary>A host agent without a bus, on a machine large enough.</summary>
internal sealed class Host : IAsyncDisposable
{
    private const int LargestMebibytes = 16384;
    private readonly IBackEndKind backEnd;
    private readonly string home;
    private readonly AgentSettings settings;
    private VmHost? host;
    private IControlGroups? groups;

    public Host(IBackEndKind backEnd, string home, string suffix = "")
    {
        (this.backEnd, this.home) = (backEnd, home);
        settings = new AgentSettings(
            "bench",
            $"bench-{backEnd.Name}{suffix}",
            Path.Combine(Path.GetTempPath(), $"justrunit-bench-{backEnd.Name}{suffix}"),
            1,
            true,
            TimeSpan.FromMilliseconds(10),
            Isolation.Namespace,
            true,
            [
                new MachineSettings("production", MachineRole.Production, new CpuShare(1), MemorySize.FromMebibytes(LargestMebibytes)),
                new MachineSettings("sandbox", MachineRole.Sandbox, new CpuShare(1), MemorySize.FromMebibytes(LargestMebibytes)),
            ],
            backEnd.Name);
    }

    /// <summary>Why it is not measured; null when it is.</summary>
    public async Task<string?> ProblemAsync() =>
        await backEnd.ProbeAsync(settings, CancellationToken.None)
        ?? (backEnd.Name != "vm" || File.Exists(Guest("kernel"))
            ? null
            : $"{Guest("kernel")} is not there; './justrunit test' builds the guest");

    public Task RecoverAsync()
    {
        groups = ControlGroupDetection.Detect(settings);
        var networks = new SandboxNetworks(settings);
        host = new VmHost(backEnd, new HostParts(settings, groups, new StateFile(settings), networks, TimeProvider.System));
        return host.RecoverAsync(CancellationToken.None);
    }

    /// <summary>Clones a server with that heap a few times while two clients ask it; the middle of each figure.</summary>
    public async Task<CloneFigures> MeasureAsync(int megabytes, int repetitions)
    {
        var vm = await StartAsync(megabytes);
        var name = vm.Name;
        var rounds = new List<CloneFigures>();
        for (var i = 0; i < repetitions; i++)
        {
            await using var clients = await Clients.StartAsync(vm.Endpoint);
            var command = new CloneVm(
                "bench", Guid.NewGuid(), settings.Agent, name, $"{name}-clone", "sandbox", null, DateTimeOffset.UtcNow.AddMinutes(5));
            var result = await host!.CloneAsync(command, CancellationToken.None);
            var (open, @new) = await clients.EndAsync();
            rounds.Add(
                new CloneFigures(backEnd.Name, megabytes, result.Cold, result.Pause, open, @new, result.CloneTime, result.BytesCopied));
            await host.StopAsync(command.CloneName, CancellationToken.None);
        }

        await host!.StopAsync(name, CancellationToken.None);
        return rounds[0] with
        {
            Pause = Middle(round => round.Pause),
            LongestOnOpen = Middle(round => round.LongestOnOpen),
            LongestOnNew = Middle(round => round.LongestOnNew),
            Total = Middle(round => round.Total),
        };

        TimeSpan Middle(Func<CloneFigures, TimeSpan> figure) => rounds.Select(figure).Order().ElementAt(rounds.Count / 2);
    }

    /// <summary>What runs virtual machines, once it is recovered.</summary>
    public VmHost Vms => host!;

    /// <summary>Starts a server with that heap.</summary>
    public Task<RunningVm> StartAsync(int megabytes)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"heap-{megabytes}");
        var program = backEnd.Name == "vm" ? GuestProgram(megabytes) : new VmProgram(
            "dotnet",
            [
                Path.Combine(home, "tests/Subjects/Specimen/bin/Release/net10.0/JustRunIt.Specimen.dll"),
                "--listen",
                "{listen}",
                "--heap-mib",
                $"{megabytes}",
            ],
            new Dictionary<string, string> { ["DOTNET_gcServer"] = "0" },
            "/tmp",
            $"127.0.0.1:{FreePort.Find()}",
            null,
            "/health");
        var start = new StartVm(
            Guid.NewGuid(),
            settings.Agent,
            "production",
            name,
            "bench",
            "bench",
            false,
            program,
            Allocation.Of(new CpuShare(1), MemorySize.FromMebibytes((2 * megabytes) + 512)));
        return host!.StartAsync(start, CancellationToken.None);
    }

    private string Guest(string file) => Path.Combine(home, ".justrunit", "guest", file);

    /// <summary>A guest whose server answers as the specimen does.</summary>
    private VmProgram GuestProgram(int megabytes) => new(
        Guest("kernel"),
        [$"initrd={Guest("initrd")}", "console=ttyS0", "quiet"],
        new Dictionary<string, string> { ["LISTEN"] = "{listen}", ["HEAP_MIB"] = $"{megabytes}" },
        "/",
        $"127.0.0.1:{FreePort.Find()}",
        null,
        "/health");

    public async ValueTask DisposeAsync()
    {
        foreach (var vm in host?.List() ?? [])
            await host!.StopAsync(vm.Name, CancellationToken.None);
        foreach (var machine in settings.Machines)
            groups?.Remove(GroupPath.Of(machine.Name));
        groups?.Remove(GroupPath.Root);
        if (Directory.Exists(settings.StateFolder))
            Directory.Delete(settings.StateFolder, recursive: true);
    }
}
