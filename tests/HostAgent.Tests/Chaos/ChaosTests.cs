using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Tests.Compliance;
using Xunit.Abstractions;

namespace JustRunIt.HostAgent.Tests.Chaos;

/// <summary>
/// An agent is killed again and again while it starts, clones, allocates, moves and stops servers, when it says that a phase begins or
/// some random moment after. After each kill the next agent starts, and the on-line server must be the very same process that goes on
/// counting, with its cap, and nothing else may be there. Needs root.
/// </summary>
/// <remarks>
/// JUSTRUNIT_CHAOS_KILLS is the number of kills for each back end, JUSTRUNIT_CHAOS_MINUTES ends it sooner, JUSTRUNIT_CHAOS_SEED
/// repeats a sequence, and JUSTRUNIT_CHAOS_REPORT is a file that what came of it is appended to.
/// </remarks>
public abstract class ChaosTests(ITestOutputHelper output)
{
    private const string Server = "server";
    private const string Other = "other";
    private const int DefaultKills = 12;
    private const int LongestDelayMilliseconds = 60;

    private readonly int seed = Setting("SEED", Environment.TickCount & 0xffff);

    /// <summary>What a back end can do, with the phases that it says and how often each is tried.</summary>
    protected abstract IReadOnlyList<(string Operation, int Weight, IReadOnlyList<string> Phases)> Operations { get; }

    [ComplianceFact]
    [Trait("Category", "Chaos")]
    public async Task No_kill_at_any_moment_loses_an_on_line_server_or_leaves_anything()
    {
        var backEnd = ((BackEndAttribute)Attribute.GetCustomAttribute(GetType(), typeof(BackEndAttribute))!).Name;
        var (random, tally) = (new Random(seed), new ChaosTally(backEnd, seed));
        var end = DateTime.UtcNow + TimeSpan.FromMinutes(Setting("MINUTES", 600));
        await using var host = new Agent(backEnd);
        await using var peer = new Agent(backEnd);
        await host.Vms.RecoverAsync(CancellationToken.None);
        await peer.Vms.RecoverAsync(CancellationToken.None);
        var vm = await host.RunAsync(await WithFilesAsync(host, host.Specimen(Server, 0.3)));
        var scene = new Scene(host, peer, new Asking(vm.Endpoint), tally, random);
        using (scene.Asking)
        {
            for (var kills = Setting("KILLS", DefaultKills); tally.Kills < kills && DateTime.UtcNow < end && !scene.IsLost;)
                await KillAsync(scene);
        }

        output.WriteLine($"{tally}");
        if (Environment.GetEnvironmentVariable("JUSTRUNIT_CHAOS_REPORT") is { Length: > 0 } report)
            await File.AppendAllTextAsync(report, $"{tally}\n");
        Assert.True(tally.Faults.Count == 0, $"{tally}");
    }

    /// <summary>A server with files of its own to write, where that takes something.</summary>
    internal virtual Task<StartVm> WithFilesAsync(Agent host, StartVm start) => Task.FromResult(start);

    private static int Setting(string name, int otherwise) => int.TryParse(
        Environment.GetEnvironmentVariable($"JUSTRUNIT_CHAOS_{name}"), CultureInfo.InvariantCulture, out var value) ? value : otherwise;

    private async Task KillAsync(Scene scene)
    {
        var (operation, phases) = Choose(scene.Random);
        // Half of them in the first moments of a phase, where the writes are.
        var phase = phases[scene.Random.Next(phases.Count)];
        var delay = scene.Random.Next(2) == 0 ? scene.Random.Next(4) : scene.Random.Next(LongestDelayMilliseconds);
        var at = string.Create(CultureInfo.InvariantCulture, $"{operation}, {delay} ms after '{phase}'");
        try
        {
            await scene.RunAsync(operation, phase, TimeSpan.FromMilliseconds(delay));
            scene.Tally.Killed(operation);
        }
        catch (InvalidOperationException e)
        {
            scene.Tally.Killed(operation);
            scene.Tally.Wrong("refused", at, e.Message);
        }

        await scene.CheckAsync(at);
    }

    private (string Operation, IReadOnlyList<string> Phases) Choose(Random random)
    {
        var drawn = random.Next(Operations.Sum(one => one.Weight));
        foreach (var (operation, weight, phases) in Operations)
        {
            if ((drawn -= weight) < 0)
                return (operation, phases);
        }

        throw new InvalidOperationException("the weights are less than their sum");
    }

    /// <summary>Two agents, the server that must never be lost, and what came of it so far.</summary>
    private sealed class Scene(Agent host, Agent peer, Asking asking, ChaosTally tally, Random random)
    {
        private double cores = 0.3;
        private int count;

        public Asking Asking => asking;

        public ChaosTally Tally => tally;

        public Random Random => random;

        /// <summary>Nothing can be tried any more.</summary>
        public bool IsLost { get; private set; }

        /// <summary>Lets an agent do something, and kills it.</summary>
        public async Task RunAsync(string operation, string phase, TimeSpan delay)
        {
            switch (operation)
            {
                case "start":
                    var start = host.Specimen(Other, 0.2);
                    await CrashAsync(["start", JsonSerializer.Serialize(start, Wire.Json)], phase, delay);
                    break;
                case "stop":
                    await host.RunAsync(host.Specimen(Other, 0.2));
                    await CrashAsync(["stop", Other], phase, delay);
                    break;
                case "clone":
                    await CrashAsync(["clone", Server, "clone"], phase, delay);
                    break;
                case "destroy":
                    // The lease's end and the command do the same.
                    await CrashAsync(["clone-and-stop", Server, "clone"], phase, delay);
                    break;
                case "allocate":
                    cores = random.Next(20, 41) / 100.0;
                    await CrashAsync(["allocate", Server, cores.ToString(CultureInfo.InvariantCulture)], phase, delay);
                    break;
                case "relocate":
                    var to = host.Vms.List().Single().Machine == "host-1" ? "host-2" : "host-1";
                    await CrashAsync(["relocate", Server, to], phase, delay);
                    break;
                case "send":
                    await MoveAsync(killsSender: true, phase, delay);
                    break;
                case "receive":
                    await MoveAsync(killsSender: false, phase, delay);
                    break;
                default:
                    await CrashAsync([], phase, delay);
                    break;
            }
        }

        /// <summary>Starts the next agent, and looks at everything.</summary>
        public async Task CheckAsync(string at)
        {
            await host.RestartAsync();
            await peer.RestartAsync();
            foreach (var one in new[] { host, peer }.SelectMany(agent => agent.Vms.Quarantined))
                tally.Wrong("quarantined", at, $"{one.Name}: {one.Reason}");
            if (host.Vms.List().FirstOrDefault(other => other.Name == Other) is { } other)
            {
                using var server = new Asking(other.Endpoint);
                if (!await AnswersAsync(server))
                    tally.Wrong("lost", at, "the other server does not answer");
                await host.Vms.StopAsync(Other, CancellationToken.None);
            }

            var (here, there) = (Find(host), Find(peer));
            if (here is null == there is null)
            {
                IsLost = true;
                tally.Wrong("lost", at, here is null ? "the server runs nowhere" : "the server runs twice");
                return;
            }

            var expected = ++count;
            if (await CountAsync() is var counted && counted != expected)
            {
                var told = counted?.ToString(CultureInfo.InvariantCulture) ?? "nothing";
                tally.Wrong("lost", at, $"the server has counted {told} instead of {expected}");
                IsLost = counted is null;
                count = counted ?? 0;
            }

            if (there is not null)
                here = await LiveCloneCompliance.MoveAsync(peer, host, Server, "host-1");
            CheckCaps(at, here!);
            foreach (var left in (await host.LeftAsync(here)).Concat(await peer.LeftAsync()))
                tally.Wrong("left", at, left);
        }

        private static RunningVm? Find(Agent agent) => agent.Vms.List().FirstOrDefault(one => one.Name == Server);

        private static async Task<bool> AnswersAsync(Asking server)
        {
            try
            {
                return await server.GetAsync("/health") == "ok";
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                return false;
            }
        }

        private async Task<int?> CountAsync()
        {
            try
            {
                return await asking.CountAsync();
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                return null;
            }
        }

        private void CheckCaps(string at, RunningVm here)
        {
            var inForce = host.Groups.ReadCpu(VmGroups.Of(here))?.Cores;
            if (inForce is null || Math.Abs(inForce.Value - here.Cpu.Cores) > 0.001)
                tally.Wrong("cap", at, $"the server has {inForce}, and {here.Cpu} is noted");
            cores = here.Cpu.Cores;
            foreach (var machine in host.Settings.Machines)
            {
                if (host.Groups.ReadCpu(GroupPath.Of(machine.Name)) != machine.Cpu)
                    tally.Wrong("cap", at, $"machine {machine.Name} has {host.Groups.ReadCpu(GroupPath.Of(machine.Name))}");
            }
        }

        private Task CrashAsync(IReadOnlyList<string> what, string phase, TimeSpan delay) =>
            CrashHost.RunAndKillAsync(host.Settings, what, phase, delay);

        private async Task MoveAsync(bool killsSender, string phase, TimeSpan delay)
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var port = ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
            var killed = CrashHost.RunAndKillAsync(
                killsSender ? host.Settings : peer.Settings,
                killsSender ? ["send", Server, port] : ["receive", "host-1", port],
                phase,
                delay);
            var accepted = listener.AcceptSocketAsync();
            if (await Task.WhenAny(killed, accepted) == killed && !accepted.IsCompleted)
            {
                await killed;
                return;
            }

            await using (var connection = new NetworkStream(await accepted, ownsSocket: true))
            {
                var survivor = killsSender
                    ? (Task)peer.Vms.ReceiveAsync("host-1", connection, CancellationToken.None)
                    : host.Vms.SendAsync(Server, connection, CancellationToken.None);
                await killed;
                await survivor.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}

/// <summary>The process back end.</summary>
[BackEnd("process")]
public sealed class ProcessChaosTests(ITestOutputHelper output) : ChaosTests(output)
{
    protected override IReadOnlyList<(string Operation, int Weight, IReadOnlyList<string> Phases)> Operations =>
    [
        ("recover", 1, ["begun", "recovered"]),
        ("start", 2, ["recovered", "boot", "health", "capped", "done"]),
        ("stop", 2, ["recovered", "stop", "removed", "done"]),
        ("clone", 2, ["recovered", "network", "start", "health", "done"]),
        ("destroy", 1, ["cloned", "stop", "removed", "done"]),
        ("allocate", 1, ["recovered", "set", "done"]),
        ("relocate", 4, ["recovered", "noted", "moved", "recorded", "done"]),
    ];
}

/// <summary>The container back end.</summary>
[BackEnd("container")]
public sealed class ContainerChaosTests(ITestOutputHelper output) : ChaosTests(output)
{
    protected override IReadOnlyList<(string Operation, int Weight, IReadOnlyList<string> Phases)> Operations =>
    [
        ("recover", 1, ["begun", "recovered"]),
        ("start", 1, ["recovered", "boot", "health", "capped", "done"]),
        ("stop", 1, ["recovered", "stop", "removed", "done"]),
        ("clone", 3, ["recovered", "network", "images", "dump", "disk", "restore", "tidy", "health", "done"]),
        ("destroy", 1, ["cloned", "stop", "removed", "done"]),
        ("allocate", 1, ["recovered", "set", "done"]),
        ("relocate", 3, ["recovered", "noted", "moved", "recorded", "done"]),
        ("send", 3, ["offer", "disk", "dump", "frozen", "decide", "given", "forgotten"]),
        ("receive", 3, ["prepare", "disk", "rest", "restore", "loaded", "land", "landed"]),
    ];
}

/// <summary>The virtual machine back end.</summary>
[BackEnd("vm")]
public sealed class VmChaosTests(ITestOutputHelper output) : ChaosTests(output)
{
    protected override IReadOnlyList<(string Operation, int Weight, IReadOnlyList<string> Phases)> Operations =>
    [
        ("recover", 1, ["begun", "recovered"]),
        ("start", 1, ["recovered", "boot", "health", "capped", "done"]),
        ("stop", 1, ["recovered", "stop", "removed", "done"]),
        ("clone", 3, ["recovered", "network", "start", "copy", "pause", "health", "done"]),
        ("destroy", 1, ["cloned", "stop", "removed", "done"]),
        ("allocate", 1, ["recovered", "set", "done"]),
        ("relocate", 3, ["recovered", "noted", "moved", "recorded", "done"]),
        ("send", 3, ["offer", "copy", "pause", "decide", "given", "forgotten"]),
        ("receive", 3, ["prepare", "copy", "loaded", "land", "landed"]),
    ];

    internal override Task<StartVm> WithFilesAsync(Agent host, StartVm start) => VmComplianceTests.WithDiskAsync(host, start);
}
