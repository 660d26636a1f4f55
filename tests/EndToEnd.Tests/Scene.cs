using System.Diagnostics;
using JustRunIt.Client.Observing;
using JustRunIt.Client.Supervision;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Sla;
using JustRunIt.Hosting.Messaging;
using Npgsql;

namespace JustRunIt.EndToEnd.Tests;

/// <summary>
/// The whole system as processes around one small real HTTP service with clients of its own: a server with 20 % of a core
/// whose SLA needs more.
/// </summary>
internal sealed class Scene : IAsyncDisposable
{
    public const string Service = "calculator";

    /// <summary>The monitor's window.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    /// <summary>The data centre, its agent, and its proxy node.</summary>
    public const string Name = "scene";
    private const string Server = "calculator-1";
    private const string Page = "/primes/200000";
    private static readonly TimeSpan ThinkTime = TimeSpan.FromMilliseconds(5);

    private readonly string folder = Path.Combine(Path.GetTempPath(), $"justrunit-scene-{Guid.NewGuid():N}");
    private readonly CancellationTokenSource stopClients = new();
    private Task clients = Task.CompletedTask;
    private string inProxy = "";

    private readonly RoleServers servers;

    private Scene(RoleServers servers, Observer observer, Publisher publisher)
    {
        (this.servers, Observer, Publisher) = (servers, observer, publisher);
        Fleet = servers.NewFleet(folder);
    }

    public Fleet Fleet { get; }

    public Observer Observer { get; }

    public Publisher Publisher { get; }

    /// <summary>The broker, as whoever administers it.</summary>
    public Uri RabbitMq => servers.Administrator.RabbitMq;

    /// <summary>File of the public key that checkpoints are signed with; null where there is one user for all.</summary>
    public string? SealKey => servers.SealKey;

    /// <summary>The product's commands, called by whoever administers the servers.</summary>
    public OperatorConsole Commands => new(servers);

    public static async Task<Scene> StartAsync()
    {
        var servers = await RoleServers.StartAsync([Name], [Name]);
        var scene = new Scene(
            servers,
            await Observer.ConnectAsync(servers.Operator, CancellationToken.None),
            await Publisher.ConnectAsync(servers.Operator, "scene", CancellationToken.None));
        await scene.SetUpAsync();
        return scene;
    }

    /// <summary>Rows of the event table.</summary>
    public async Task<List<Row>> ReadStreamsAsync()
    {
        await using var connection = new NpgsqlConnection(servers.Administrator.Postgres);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT stream_id, version, type, causation_id, correlation_id, data::text, headers "
            + "-> 'decision' ->> 'decider' FROM justrunit.mt_events ORDER BY seq_id", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<Row>();
        while (await reader.ReadAsync())
        {
            rows.Add(new Row(
                reader.GetString(0),
                reader.GetInt64(1),
                reader.GetString(2),
                reader.IsDBNull(3) ? null : reader.GetString(3),
                reader.IsDBNull(4) ? null : reader.GetString(4),
                reader.GetString(5),
                reader.IsDBNull(6) ? null : reader.GetString(6)));
        }

        return rows;
    }

    public async Task KillServerAsync(string vm)
    {
        foreach (var process in await ProcessesOfAsync(vm))
            process.Kill();
    }

    public async ValueTask DisposeAsync()
    {
        await stopClients.CancelAsync();
        await clients;
        await Fleet.DisposeAsync();
        await Publisher.DisposeAsync();
        await Observer.DisposeAsync();
        await servers.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>What was seen and written last; for a failed assertion.</summary>
    public string Logs()
    {
        var seen = Observer.All.GroupBy(observed => observed.Message.GetType().Name).Select(group => $"{group.Key} ×{group.Count()}");
        var mean = Observer.Of<ResponseTimesMeasured>().TakeLast(5).Sum(report => report.TotalResponseTime.TotalMilliseconds)
            / Math.Max(1, Observer.Of<ResponseTimesMeasured>().TakeLast(5).Sum(report => report.Requests));
        return $"{string.Join(", ", seen)}; mean {mean:0.0} ms\n"
            + $"{string.Join('\n', Fleet.Running.Select(process => $"{process.Name}: {process.LastWords()}"))}";
    }

    private async Task SetUpAsync()
    {
        var ports = new Ports();
        var (server, proxy) = (ports.Next(), ports.Next());
        inProxy = proxy;
        Fleet.Start("HostAgent", "--config", Write("host-agent.yaml", $$"""
            dataCenter: {{Name}}
            agent: {{Name}}
            stateFolder: {{folder}}/host-agent
            onStop: stop
            simulated: true
            machines:
              - { name: host-1, role: production, cpu: 100 %, memoryMiB: 1024, baseWatts: 80, dynamicWatts: 40 }
              - { name: sandbox-1, role: sandbox, cpu: 100 %, memoryMiB: 1024, baseWatts: 60, dynamicWatts: 30 }
            power: { meter: estimate, reportEvery: 200ms }
            allow:
              programs:
                - executable: dotnet
                  arguments: ["{{Programs.Home}}/tests/Subjects/Calculator/bin/*/JustRunIt.Calculator.dll", --listen, "*"]
            """));
        Fleet.Start("ProxyNode", "--config", Write("proxy-node.yaml", $$"""
            node: {{Name}}
            reportEvery: 200ms
            tiers:
              - { service: {{Service}}, tier: application, listen: "{{proxy}}", upstream: "{{server}}" }
            """));
        foreach (var service in Fleet.Services.Except(["Services.Monitor"]))
            Fleet.Start(service);
        var start = new StartVm(
            Guid.NewGuid(),
            Name,
            "host-1",
            Server,
            Service,
            "application",
            Pinned: false,
            new VmProgram("dotnet", [
                Path.Combine(Programs.Home, "tests/Subjects/Calculator/bin/Release/net10.0/JustRunIt.Calculator.dll"),
                "--listen",
                "{listen}"
            ], new Dictionary<string, string>(), folder, server, null, "/health"),
            Allocation.Of(CpuShare.FromPercent(20), MemorySize.FromMebibytes(256)));
        await Publisher.SendAsync(
            start, new MessageHeaders(start.RequestId, start.RequestId, DateTimeOffset.UtcNow, null, 0), CancellationToken.None);
        await Observer.WaitAsync(
            seen => seen.Of<VmStarted>().Any() || seen.Of<VmStartFailed>().Any(),
            TimeSpan.FromSeconds(40),
            () => $"start of the server\n{Logs()}");
        Assert.Empty(Observer.Of<VmStartFailed>());
        // Three clients without pauses wait for three pages each: with 20 % of a core 15 times the CPU time of a page, with 40 % 7.5
        // times. What lies between is broken with the one and kept with the other however fast the machine is, and however busy: what
        // a page takes by the clock would also count those who share the machine just then.
        var agreed = 9 * await CpuTimeOfOneAsync(server);
        clients = Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(AskAsync)));
        Fleet.Start("Services.Monitor", "--config", Write("services.yaml", $$"""
            dataCenter: {{Name}}
            services:
              - name: {{Service}}
                sla:
                  meanResponseTime: {{agreed.TotalMilliseconds:0}}ms
                  window: {{Window.TotalSeconds:0}}s
                  measuredAt: application
                  minimumRequests: 5
                  repeatAfterWindows: 3
                tiers:
                  - { name: application, vms: [{{Server}}], proxyNode: {{Name}} }
                exploration:
                  tiers: [application]
                  resources:
                    - { name: cpu, minimum: 40 %, maximum: 80 %, points: 5 }
                  experiments: 3
                  timeBudget: 2min
                  timeShift: 500ms
                  settleLimit: 1s
                  warmUp: 500ms
                  measure: 1500ms
                  slack: 20 %
                  mismatchThreshold: 300 %
                  cooldown: 1min
            """));
    }

    /// <summary>A row of the event table.</summary>
    internal sealed record Row(string Stream, long Version, string Type, string? Cause, string? Correlation, string Json, string? Decider);

    private static async Task<TimeSpan> CpuTimeOfOneAsync(string server)
    {
        // Until the runtime has compiled the server's loop for the last time it is several times slower.
        const int unmeasured = 60;
        const int measured = 40;
        using var http = new HttpClient { BaseAddress = new Uri($"http://{server}") };
        var before = TimeSpan.Zero;
        for (var i = 0; i < unmeasured + measured; i++)
        {
            if (i == unmeasured)
                before = await UsedAsync();
            using var reply = await http.GetAsync(Page);
        }

        return (await UsedAsync() - before) / measured;

        static async Task<TimeSpan> UsedAsync() =>
            (await ProcessesOfAsync(Server)).Aggregate(TimeSpan.Zero, (sum, process) => sum + process.TotalProcessorTime);
    }

    private static async Task<List<Process>> ProcessesOfAsync(string vm)
    {
        var groups = Directory.GetFiles(
            "/sys/fs/cgroup", "cgroup.procs", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 5 })
            .Where(file => file.Contains($"/{vm}", StringComparison.Ordinal));
        var processes = new HashSet<int>();
        foreach (var group in groups)
            processes.UnionWith((await File.ReadAllLinesAsync(group)).Select(int.Parse));
        return [.. processes.Select(Process.GetProcessById)];
    }

    private async Task AskAsync()
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://{inProxy}"), Timeout = TimeSpan.FromSeconds(5) };
        while (!stopClients.IsCancellationRequested)
        {
            try
            {
                using var reply = await http.GetAsync(Page);
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                // The proxy node may be the one that was killed.
                await Task.Delay(200);
            }

            await Task.Delay(ThinkTime);
        }
    }

    private string Write(string name, string text)
    {
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, name);
        File.WriteAllText(file, text);
        return file;
    }
}
