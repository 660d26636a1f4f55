using System.Net;
using System.Net.Sockets;
using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Networks;
using JustRunIt.Hosting;

namespace JustRunIt.HostAgent.Tests.Compliance;

/// <summary>What every back end must do that copies what runs: it moves between two agents of a host.</summary>
public abstract partial class LiveCloneCompliance
{
    [ComplianceFact]
    public async Task A_server_moves_to_another_agent_and_back_with_its_memory_disk_cap_and_open_connections()
    {
        await using var other = await OtherAsync();
        await using var next = new TinyListener();
        var vm = await Host.RunAsync(await WithFilesAsync(Host.Specimen("mover", 0.3, next: next.Address, heapMebibytes: 20)));
        using var server = new Asking(vm.Endpoint);
        Assert.Equal(1, await server.CountAsync());
        await server.PostAsync("/file/journal/one");
        await server.PostAsync("/session/ann/basket-of-3");
        var seen = ContainerNetworks.InnerNext(vm.Network!.Value, Endpoint.Parse(next.Address, EndpointKinds.Address));
        await server.PostAsync($"/connect?to={seen}");
        var moves = 0;
        foreach (var (from, to) in new[] { (Host, other), (other, Host), (Host, other) })
        {
            var moved = await MoveAsync(from, to, "mover");
            Assert.Equal((++moves, "host-2", vm.Endpoint), (moved.Moves, moved.Machine, moved.Endpoint));
            Assert.Empty(from.Vms.List());
            Assert.Empty(await from.LeftAsync());
            Assert.Empty(await to.LeftAsync(moved));
            Assert.Equal("one", await server.GetAsync("/file/journal"));
            Assert.Equal("basket-of-3", await server.GetAsync("/session/ann"));
            Assert.Equal("true", await server.GetAsync("/connected"));
            Assert.All(Policies(moved.ProcessId), policy => Assert.Equal("0", policy));
        }

        Assert.Equal(2, await server.CountAsync());
        Assert.Equal(0.3, other.Groups.ReadCpu(GroupPath.Of("host-2", "mover"))!.Value.Cores, 3);
        await other.RestartAsync();
        await Host.RestartAsync();
        Assert.Equal(3, await server.CountAsync());
        await other.CloneAsync("mover", "clone");
        await other.Vms.StopAsync("clone", CancellationToken.None);
        await other.Vms.StopAsync("mover", CancellationToken.None);
        Assert.Empty(await other.LeftAsync());
        Assert.Empty(await Host.LeftAsync());
    }

    [ComplianceFact]
    public async Task Clients_that_keep_asking_while_a_server_moves_lose_nothing()
    {
        await using var other = await OtherAsync();
        var vm = await Host.RunAsync(Host.Specimen("mover", 0.5));
        await using var traffic = new Traffic(vm.Endpoint);
        await Task.Delay(500);
        List<int> answered = [traffic.Answered];
        foreach (var (from, to) in new[] { (Host, other), (other, Host), (Host, other), (other, Host) })
        {
            await MoveAsync(from, to, "mover", "host-1");
            answered.Add(traffic.Answered);
            await Task.Delay(300);
        }

        var errors = await traffic.EndAsync();
        var progress = $"answered before and after each move: {string.Join(", ", answered)}, in all {traffic.Answered}";
        Assert.True(errors.Count == 0, $"{string.Join("; ", errors)}; {progress}");
        using var server = new Asking(vm.Endpoint);
        Assert.Equal(traffic.Answered + 1, await server.CountAsync());
        Assert.InRange(traffic.Longest, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [ComplianceFact]
    public async Task What_the_other_agent_cannot_take_runs_on_and_clones_do_not_move()
    {
        await using var other = await OtherAsync();
        var vm = await Host.RunAsync(Host.Specimen("mover", 0.6));
        using var server = new Asking(vm.Endpoint);
        await RefusedAsync(() => MoveAsync(Host, other, "mover"), "cpu: 60 % for mover is more than machine host-2 has left");
        await RefusedAsync(() => MoveAsync(Host, other, "mover", "nowhere"), "machine nowhere is unknown");
        await RefusedAsync(() => MoveAsync(Host, other, "nobody"), "nobody does not run here");
        await Host.CloneAsync("mover", "clone");
        await RefusedAsync(() => MoveAsync(Host, other, "clone"), "clone");
        await Host.Vms.StopAsync("clone", CancellationToken.None);
        Assert.Equal(1, await server.CountAsync());
        Assert.Equal(0.6, Host.Groups.ReadCpu(GroupPath.Of("host-1", "mover"))!.Value.Cores, 3);
        Assert.Empty(await other.LeftAsync());
        Assert.Empty(await Host.LeftAsync(vm));
    }

    [ComplianceFact]
    [Trait("Category", "Chaos")]
    public Task After_a_kill_of_the_sender_in_any_phase_of_a_move_exactly_one_runs_and_nothing_is_left() =>
        KillAsync(SendPhases, killsSender: true);

    [ComplianceFact]
    [Trait("Category", "Chaos")]
    public Task After_a_kill_of_the_receiver_in_any_phase_of_a_move_exactly_one_runs_and_nothing_is_left() =>
        KillAsync(ReceivePhases, killsSender: false);

    /// <summary>What a back end says while it sends: at each of these the agent is killed.</summary>
    protected abstract IReadOnlyList<string> SendPhases { get; }

    /// <summary>What a back end says while it receives.</summary>
    protected abstract IReadOnlyList<string> ReceivePhases { get; }

    private async Task KillAsync(IReadOnlyList<string> phases, bool killsSender)
    {
        await using var other = await OtherAsync();
        var vm = await Host.RunAsync(await WithFilesAsync(Host.Specimen("mover", 0.4)));
        using var server = new Asking(vm.Endpoint);
        var count = 0;
        foreach (var (phase, delay) in phases.SelectMany(phase => new[] { (phase, 0), (phase, 25) }))
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var port = ((IPEndPoint)listener.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
            var killed = CrashHost.RunAndKillAsync(
                killsSender ? Host.Settings : other.Settings, killsSender ? ["send", "mover", port] : ["receive", "host-1", port], phase,
                TimeSpan.FromMilliseconds(delay));
            await using (var connection = new NetworkStream(await listener.AcceptSocketAsync(), ownsSocket: true))
            {
                var survivor = killsSender
                    ? other.Vms.ReceiveAsync("host-1", connection, CancellationToken.None)
                    : Host.Vms.SendAsync("mover", connection, CancellationToken.None);
                await killed;
                await survivor.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            await (killsSender ? Host : other).RestartAsync();
            var at = $"{(killsSender ? "sender" : "receiver")} killed {delay} ms after '{phase}' began";
            var (here, there) = (Host.Vms.List().FirstOrDefault(), other.Vms.List().FirstOrDefault());
            Assert.True(here is null != there is null, $"{at}: {here?.Name ?? "nothing"} here, {there?.Name ?? "nothing"} there");
            Assert.Equal((at, ++count), (at, await server.CountAsync()));
            var left = (await Host.LeftAsync(here)).Concat(await other.LeftAsync(there)).ToList();
            Assert.True(left.Count == 0, $"{at}: {string.Join("; ", left)}");
            if (there is not null)
                await MoveAsync(other, Host, "mover", "host-1");
        }

        await Host.Vms.StopAsync("mover", CancellationToken.None);
        Assert.Empty(await Host.LeftAsync());
        Assert.Empty(await other.LeftAsync());
    }

    /// <summary>How the kernel schedules its threads, 0 for SCHED_OTHER: the field of that name of proc_pid_stat(5), the 41st.</summary>
    private static IEnumerable<string> Policies(int process) =>
        from thread in Directory.GetDirectories($"/proc/{process}/task")
        let stat = File.ReadAllText(Path.Combine(thread, "stat"))
        select stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[38];

    private async Task<Agent> OtherAsync()
    {
        var other = new Agent(Host.Settings.BackEnd);
        await other.Vms.RecoverAsync(CancellationToken.None);
        return other;
    }

    internal static async Task<RunningVm> MoveAsync(Agent from, Agent to, string vm, string machine = "host-2")
    {
        var (sender, receiver) = await ConnectedAsync();
        await using (sender)
        await using (receiver)
        {
            var received = to.Vms.ReceiveAsync(machine, receiver, CancellationToken.None);
            try
            {
                await from.Vms.SendAsync(vm, sender, CancellationToken.None);
            }
            catch
            {
                sender.Close();
                await ((Task)received).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                throw;
            }

            return await received;
        }
    }

    private static async Task<(NetworkStream Sender, NetworkStream Receiver)> ConnectedAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndpoint);
        return (new NetworkStream(client, ownsSocket: true), new NetworkStream(await listener.AcceptSocketAsync(), ownsSocket: true));
    }
}
