using System.Diagnostics;
using System.Text.Json.Nodes;
using JustRunIt.Client.Observing;
using JustRunIt.Client.Supervision;
using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Naming;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
using JustRunIt.Hosting.Messaging;

namespace JustRunIt.EndToEnd.Tests;

/// <summary>
/// What only an operator can settle, by <c>justrunit hosts</c> and <c>justrunit forget</c> over the bus, each process with its own role:
/// servers that an agent cannot explain, and machines of agents that are gone.
/// </summary>
public sealed class SettlingTests : IAsyncLifetime
{
    private const string DataCenter = "settling";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly string Agent = $"settle{Environment.ProcessId % 10000}";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("settling-");
    private readonly Ports ports = new();
    private RoleServers servers = null!;
    private OperatorConsole console = null!;
    private Fleet fleet = null!;
    private Observer observer = null!;
    private Publisher publisher = null!;

    private string Record => Path.Combine(folder.FullName, "host-agent", "running.json");

    public async Task InitializeAsync()
    {
        servers = await RoleServers.StartAsync([Agent], []);
        console = new OperatorConsole(servers);
        fleet = servers.NewFleet(folder.FullName);
        observer = await Observer.ConnectAsync(servers.Operator, CancellationToken.None);
        publisher = await Publisher.ConnectAsync(servers.Operator, "settling", CancellationToken.None);
        fleet.Start("Services.Placement");
        var file = Path.Combine(folder.FullName, "host-agent.yaml");
        await File.WriteAllTextAsync(file, $$"""
            dataCenter: {{DataCenter}}
            agent: {{Agent}}
            stateFolder: {{folder.FullName}}/host-agent
            backEnd: process
            onStop: stop
            simulated: true
            machines:
              - { name: host-1, role: production, cpu: 100 %, memoryMiB: 1024 }
            allow:
              programs:
                - executable: dotnet
                  arguments: ["{{Programs.Home}}/tests/Subjects/Calculator/bin/*/JustRunIt.Calculator.dll", --listen, "*"]
            """);
        fleet.Start("HostAgent", "--config", file);
        await UntilAsync(seen => seen.Of<MachineAnnounced>().Any(), "the host agent");
    }

    public async Task DisposeAsync()
    {
        await fleet.DisposeAsync();
        await publisher.DisposeAsync();
        await observer.DisposeAsync();
        await servers.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task What_an_agent_cannot_explain_goes_on_until_an_operator_takes_it_up_or_ends_it()
    {
        await StartAsync("first");
        await StartAsync("second");
        // Of the first it is noted that it was another process, of the second nothing.
        var record = JsonNode.Parse(await File.ReadAllTextAsync(Record))!;
        var running = record["content"]!["running"]!.AsArray();
        running[0]!["processId"] = 1;
        running.RemoveAt(1);
        await File.WriteAllTextAsync(Record, record.ToJsonString());
        await fleet.KillAndRestartAsync("HostAgent");
        await UntilAsync(async () => (await QuarantinedAsync()).Count == 2, "both in quarantine");

        Assert.Equal((1, "", "nobody: no host agent that answers has it in quarantine; './justrunit hosts' lists what is\n"),
            await console.RunAsync("hosts", "--adopt", "nobody"));
        Assert.Equal((0, $"first is an on-line server of agent {Agent} again\n", ""), await console.RunAsync("hosts", "--adopt", "first"));
        var (code, output, errors) = await console.RunAsync("hosts", "--adopt", "second");
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("nothing tells how it was started", errors);
        Assert.Equal((0, "second has ended\n", ""), await console.RunAsync("hosts", "--end", "second"));

        Assert.Empty(await QuarantinedAsync());
        var host = await console.HostAsync();
        Assert.Equal(["first"], host.Vms.Select(vm => vm.Name));
        using var http = new HttpClient { BaseAddress = new Uri($"http://{host.Vms[0].Endpoint}") };
        Assert.Equal("ok", await http.GetStringAsync("/health"));
    }

    [Fact]
    public async Task A_machine_is_forgotten_with_its_servers_only_where_that_is_said_and_once()
    {
        await StartAsync("first");
        await UntilAsync(seen => seen.Of<VmPlaced>().Any(), "the server is known");
        var (code, output, errors) = await console.RunAsync("forget", "host-1");
        Assert.Equal((1, ""), (code, output));
        Assert.StartsWith("host-1 is not forgotten: ", errors);
        Assert.Contains("first", errors);
        Assert.Equal(
            (0, $"host-1 is forgotten, with first; it was agent {Agent}'s\n", ""), await console.RunAsync("forget", "host-1", "--force"));
        Assert.Equal((0, "nowhere was not known\n", ""), await console.RunAsync("forget", "nowhere", "--data-center", DataCenter));
        Assert.Equal(
            (2, "", $"command line: MACHINE: '../x'; allowed is {Name.Allowed}\n"),
            await console.RunAsync("forget", "../x"));
    }

    private async Task StartAsync(string vm)
    {
        var listen = ports.Next();
        var start = new StartVm(
            Guid.NewGuid(), Agent, "host-1", vm, "calculator", "application", Pinned: false,
            new VmProgram(
                "dotnet",
                [
                    Path.Combine(Programs.Home, "tests/Subjects/Calculator/bin/Release/net10.0/JustRunIt.Calculator.dll"), "--listen",
                    "{listen}",
                ],
                new Dictionary<string, string>(), "/", listen, null, "/health"),
            Allocation.Of(CpuShare.FromPercent(20), MemorySize.FromMebibytes(256)));
        await publisher.SendAsync(
            start, new MessageHeaders(start.RequestId, start.RequestId, DateTimeOffset.UtcNow, null, 0), CancellationToken.None);
        await UntilAsync(
            seen => seen.Of<VmStarted>().Any(told => told.Vm == vm) || seen.Of<VmStartFailed>().Any(), $"the start of {vm}");
        Assert.Empty(observer.Of<VmStartFailed>());
    }

    private async Task<IReadOnlyList<string>> QuarantinedAsync()
    {
        var (code, output, _) = await console.RunAsync("hosts", "--json");
        if (code != 0)
            return [];
        return [.. OperatorConsole.HostsIn(output).SelectMany(host => host.Quarantined ?? []).Select(one => one.Name)];
    }

    private Task UntilAsync(Func<Observer, bool> holds, string what) => observer.WaitAsync(
        holds, Patience, () => $"{what}\n{string.Join('\n', fleet.Running.Select(process => $"{process.Name}: {process.LastWords()}"))}");

    private static async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        for (var waited = Stopwatch.StartNew(); !await holds();)
            Assert.True(waited.Elapsed < Patience, $"not in time: {what}");
    }
}
