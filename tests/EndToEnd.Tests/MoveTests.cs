using System.Net;
using System.Net.Sockets;
using JustRunIt.Client.Observing;
using JustRunIt.Client.Supervision;
using JustRunIt.Events;
using JustRunIt.Events.Authority;
using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Placement.Plans;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Store;
using JustRunIt.Hosting.Messaging;
using Marten;
using Xunit.Abstractions;

namespace JustRunIt.EndToEnd.Tests;

/// <summary>
/// A placement that moves a server from one host agent to another, while clients ask it through its in-proxy without a break.
/// </summary>
public sealed class MoveTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string DataCenter = "movers";
    private const string Vm = "calculator-1";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private RoleServers servers = null!;
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("justrunit-move-");
    private readonly Dictionary<string, ChildProcess> agents = [];
    private readonly Ports ports = new();
    private Connections connections = null!;
    private Fleet fleet = null!;
    private Observer observer = null!;
    private Publisher publisher = null!;
    private Publisher relay = null!;

    public async Task InitializeAsync()
    {
        servers = await RoleServers.StartAsync(["left", "right"], [DataCenter]);
        connections = servers.Administrator;
        fleet = servers.NewFleet(folder.FullName);
        observer = await Observer.ConnectAsync(servers.Operator, CancellationToken.None);
        publisher = await Publisher.ConnectAsync(servers.Operator, "move", CancellationToken.None);
        relay = await Publisher.ConnectAsync(servers.As(new(Roles.Of(Roles.Relay), null)), "move", CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        foreach (var agent in agents.Values)
            await agent.DisposeAsync();
        await fleet.DisposeAsync();
        await publisher.DisposeAsync();
        await relay.DisposeAsync();
        await observer.DisposeAsync();
        await servers.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [ContainerFact]
    public async Task A_server_moves_between_agents_and_back_and_no_request_fails()
    {
        var (server, proxy) = (ports.Next(), ports.Next());
        fleet.Start("Services.Placement");
        fleet.Start("ProxyNode", "--config", Write("proxy-node.yaml", $$"""
            node: {{DataCenter}}
            reportEvery: 1s
            tiers:
              - { service: calculator, tier: application, listen: "{{proxy}}", upstream: "{{server}}", vm: {{Vm}} }
            """));
        StartAgent("left");
        StartAgent("right");
        var start = new StartVm(
            Guid.NewGuid(),
            "left",
            "left-1",
            Vm,
            "calculator",
            "application",
            Pinned: false,
            new VmProgram("dotnet", [
                Path.Combine(Programs.Home, "tests/Subjects/Calculator/bin/Release/net10.0/JustRunIt.Calculator.dll"),
                "--listen",
                "{listen}"
            ], new Dictionary<string, string>(), "/", server, null, "/health"),
            Allocation.Of(CpuShare.FromPercent(50), MemorySize.FromMebibytes(256)));
        await SendAsync(publisher, start, start.RequestId);
        await WaitAsync(
            seen => seen.Of<VmPlaced>().Any() && seen.Of<MachineJoined>().Select(e => e.Machine).Distinct().Count() == 2, "the inventory");

        await using var clients = new Clients(proxy);
        await Task.Delay(1000);
        var first = await MoveAsync("left", "right");
        output.WriteLine(
            $"left to right: {first.Took.TotalMilliseconds:0} ms, clients' longest wait {clients.TakeLongest().TotalMilliseconds:0} ms");
        Assert.Equal(("right", "right-1", server, 1), (first.Agent, first.To, first.Endpoint, first.Moves));

        // The same command once more, and whoever has it dies and comes back.
        await SendAsync(
            relay, new MigrateVm(first.Subject, first.RequestId, "left", Vm, "left-1", "right-1", "right"), Guid.NewGuid());
        await WaitAsync(
            seen => seen.Of<VmMigrated>().Count(answer => answer.RequestId == first.RequestId) == 2, "the same answer once more");
        await agents["right"].KillAsync();
        await agents["right"].DisposeAsync();
        var started = observer.Of<VmStarted>().Count();
        StartAgent("right");
        await WaitAsync(seen => seen.Of<VmStarted>().Count() > started, "the agent's restart");
        clients.TakeLongest();

        var second = await MoveAsync("right", "left");
        await Task.Delay(1000);
        output.WriteLine(
            $"right to left: {second.Took.TotalMilliseconds:0} ms, clients' longest wait {clients.TakeLongest().TotalMilliseconds:0} ms");
        Assert.Equal(("left", "left-1", 2), (second.Agent, second.To, second.Moves));
        Assert.Empty(await clients.EndAsync());
        Assert.True(clients.Answered > 100, $"only {clients.Answered} answers");
        output.WriteLine($"{clients.Answered} requests, none failed");
        Assert.Empty(observer.Of<VmMigrationFailed>());
        Assert.Empty(observer.Of<VmExited>());
        Assert.Equal(2, observer.Of<MigrationCompleted>().Count());
        Assert.Equal(2, observer.Of<PlacementApplied>().Count());
    }

    [ContainerFact]
    public async Task An_agent_fetches_nothing_from_another_that_no_placement_has_ordered()
    {
        StartAgent("left");
        StartAgent("right");
        await WaitAsync(seen => seen.Of<MachineAnnounced>().Select(e => e.Machine).Distinct().Count() == 2, "both agents");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var coming = listener.AcceptSocketAsync();
        await using var left = await Publisher.ConnectAsync(
            servers.As(new(Roles.Of(Catalog.HostAgent), "left")), "left", CancellationToken.None);
        foreach (var endpoint in new[] { $"{listener.LocalEndpoint}", null })
        {
            await SendAsync(
                left,
                new ReceiveVm(Streams.DataCenter(DataCenter), Guid.NewGuid(), "right", Vm, "right-1", endpoint, Guid.NewGuid()),
                Guid.NewGuid());
        }

        // Both have been looked at once the agent says so of each.
        await WaitAsync(_ => Refused(agents["right"]) == 2, "two lines of what is not ordered");
        Assert.False(coming.IsCompleted);
        Assert.Empty(observer.Of<VmMigrated>());
        Assert.Empty(observer.Of<VmMigrationFailed>());

        static int Refused(ChildProcess agent)
        {
            using var log = new StreamReader(new FileStream(agent.LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return log.ReadToEnd().Split('\n').Count(line => line.Contains("is not taken up from agent", StringComparison.Ordinal));
        }
    }

    /// <summary>
    /// Decides a placement of one step on the data centre's stream; what follows is the relay's, the agents' and Placement's.
    /// </summary>
    private async Task<VmMigrated> MoveAsync(string from, string to)
    {
        await using var source = ServiceHost.CreateDataSource(connections, "move");
        using var documents = DocumentStore.For(options => StoreSetup.Configure(options, source));
        var (decision, now) = (Guid.NewGuid(), DateTimeOffset.UtcNow);
        var request = DeterministicId.From(decision, "step/0");
        await using var session = documents.LightweightSession();
        session.CorrelationId = decision.ToString();
        session.Events.Append(
            Streams.DataCenter(DataCenter),
            new PlacementDecided(
                decision,
                1,
                true,
                null,
                new Dictionary<string, string> { [Vm] = $"{to}-1" },
                1,
                1,
                1,
                1,
                [new PlacementStep(Vm, $"{from}-1", $"{to}-1", null)],
                now),
            new MigrationStarted(DataCenter, decision, 0, request, from, Vm, $"{from}-1", $"{to}-1", now.AddMinutes(1), now, to));
        await session.SaveChangesAsync();
        await WaitAsync(
            seen => seen.Of<PlacementApplied>().Any(applied => applied.DecisionId == decision) || seen.Of<VmMigrationFailed>().Any(),
            $"the move from {from} to {to}");
        Assert.Empty(observer.Of<VmMigrationFailed>().Select(failed => failed.Reason));
        return observer.Of<VmMigrated>().First(answer => answer.RequestId == request);
    }

    private void StartAgent(string name) => agents[name] = ChildProcess.Start(
        $"HostAgent {name}",
        Programs.OfProduct("HostAgent"),
        ["--config", Write($"{name}.yaml", $$"""
            dataCenter: {{DataCenter}}
            agent: {{name}}
            stateFolder: {{folder.FullName}}/{{name}}
            onStop: stop
            simulated: true
            backEnd: container
            machines:
              - { name: {{name}}-1, role: production, cpu: 100 %, memoryMiB: 1024 }
            allow:
              programs:
                - executable: dotnet
                  arguments: ["{{Programs.Home}}/tests/Subjects/Calculator/bin/*/JustRunIt.Calculator.dll", --listen, "*"]
            """)],
        new Dictionary<string, string> { [Connections.RabbitMqVariable] = $"{servers.As(new(Roles.Of(Catalog.HostAgent), name))}" },
        Path.Combine(folder.FullName, "logs", $"{name}.log"));

    private static ValueTask SendAsync(Publisher by, ICommand command, Guid id) =>
        by.SendAsync(command, new MessageHeaders(id, id, DateTimeOffset.UtcNow, null, 0), CancellationToken.None);

    private Task WaitAsync(Func<Observer, bool> condition, string what) => observer.WaitAsync(
        condition,
        Patience,
        () =>
        {
            var words = fleet.Running.Concat(agents.Values).Select(process => $"{process.Name}: {process.LastWords()}");
            var failures = observer.All.Select(seen => seen.Message).Where(message => message is VmMigrationFailed or VmStartFailed);
            return $"{what}\n{string.Join('\n', words)}\n{string.Join('\n', failures)}";
        });

    private string Write(string name, string text)
    {
        var file = Path.Combine(folder.FullName, name);
        File.WriteAllText(file, text);
        return file;
    }
}
