using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;
using JustRunIt.HostAgent.Tests.Compliance;
using JustRunIt.Hosting;

namespace JustRunIt.HostAgent.Tests.Originals;

/// <summary>
/// A live clone of the auction's application server is the original: by its own counters, and by what it answers through the
/// out-proxy, to which its dead connections to the database are opened anew. Needs root.
/// </summary>
[BackEnd("container")]
public sealed class AuctionCloneTests : IAsyncLifetime
{
    private const int Users = 3;
    private static readonly string[] Pages = ["/", "/category/1", "/item/1", "/item/1/bids", "/user/1", "/me"];

    private readonly Agent host = new("container");
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("auction-");
    private readonly string database = Address();
    private readonly string outProxy = Address();
    private readonly string outProxySandbox = Address();
    private Process? proxy;
    private RunningVm server = null!;

    public async Task InitializeAsync()
    {
        await host.Vms.RecoverAsync(CancellationToken.None);
        var template = Path.Combine(folder.FullName, "template");
        await RunAsync(Sample("Database"), "--folder", template, "--items", "200", "--users", "20");
        await host.RunAsync(host.Start("data", "host-2", 0.3, Program(
            "Database", database, null, null, "--from", template, "--folder", Path.Combine(folder.FullName, "data"))));
        var node = Path.Combine(Agent.Repository, $"src/ProxyNode/bin/{Agent.BuiltTo}/JustRunIt.ProxyNode.dll");
        proxy = Process.Start(
            "dotnet",
            [
                node, "proxy", "--role", "out", "--protocol", "mysql", "--listen", outProxy, "--upstream", database,
                "--sandbox", outProxySandbox, "--time-shift", "100ms",
                "--rules", Path.Combine(Agent.Repository, "docs/examples/auction-rules.yaml"),
            ]);
        await HealthCheck.WaitAsync(outProxy, null, () => proxy.HasExited ? "the out-proxy" : null, CancellationToken.None);
        server = await host.RunAsync(host.Start("server", "host-1", 0.6, Program(
            "Application", database, outProxy, "/health", "--next", "{next}", "--candidates", "200") with
        { Listen = Address() }));
    }

    public async Task DisposeAsync()
    {
        proxy?.Kill();
        await host.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [ComplianceFact]
    public async Task Its_sessions_and_caches_are_the_originals_and_production_sees_nothing_of_its_new_connections()
    {
        using var original = new Asking(server.Endpoint);
        await LogInAsync(original, 1);
        foreach (var page in Pages.Concat(Pages))
            await original.GetAsync(page);
        var before = await CountersAsync(original);
        Assert.Equal(1, before["logIns"]);
        Assert.Equal(1, before["sessions"]);
        Assert.Equal(1 + (2 * Pages.Length), before["pages"]);
        Assert.True(before["texts"] > 0 && before["textHits"] >= before["texts"], $"the cache is cold: {JsonSerializer.Serialize(before)}");

        var result = await host.CloneAsync("server", "clone", outProxySandbox);

        using var clone = original.WithSameCookies(result.Endpoint);
        Assert.Equal(before, await CountersAsync(clone));
        Assert.Equal(before, await CountersAsync(original));
        // The same pages at both sides: the clone's come from what the out-proxy has on record.
        var (connections, lost) = (await StatusAsync("Connections"), await StatusAsync("Aborted_clients"));
        foreach (var page in Pages)
            Assert.Equal(await original.GetAsync(page), await clone.GetAsync(page));
        var after = await CountersAsync(clone);
        Assert.Equal(before["texts"], after["texts"]);
        Assert.Equal(before["textMisses"], after["textMisses"]);
        await host.Vms.StopAsync("clone", CancellationToken.None);
        // The second question and this third one were connections themselves.
        Assert.Equal(connections + 2, await StatusAsync("Connections"));
        Assert.Equal(lost, await StatusAsync("Aborted_clients"));
    }

    [ComplianceFact]
    public async Task Cloned_under_traffic_it_goes_on_from_an_instant_and_no_client_of_the_original_fails()
    {
        using var original = new Asking(server.Endpoint);
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(1, Users).Select(async user =>
        {
            using var client = new Asking(server.Endpoint);
            await LogInAsync(client, user);
            while (!stop.IsCancellationRequested)
            {
                foreach (var page in Pages)
                    await client.GetAsync(page);
            }
        }).ToList();
        while ((await CountersAsync(original))["sessions"] < Users)
            await Task.Delay(50);
        var before = await CountersAsync(original);

        var result = await host.CloneAsync("server", "clone", outProxySandbox);

        using var clone = new Asking(result.Endpoint);
        var copied = await CountersAsync(clone);
        var after = await CountersAsync(original);
        await stop.CancelAsync();
        await Task.WhenAll(clients);
        foreach (var (name, count) in copied)
            Assert.InRange(count, before[name], after[name]);
        Assert.True(copied["pages"] < after["pages"], "the original did not go on");
        Assert.Equal(Users, copied["sessions"]);
    }

    private static string Address() => $"127.0.0.1:{FreePort.Find()}";

    private static string Sample(string program) =>
        Path.Combine(Agent.Repository, $"samples/Auction/{program}/bin/{Agent.BuiltTo}/JustRunIt.Auction.{program}.dll");

    private static VmProgram Program(string program, string listen, string? next, string? health, params string[] arguments) => new(
        "dotnet", [Sample(program), "--listen", "{listen}", .. arguments], new Dictionary<string, string>(), "/", listen, next, health);

    private static async Task RunAsync(string assembly, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [assembly, .. arguments]) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await output);
    }

    private static Task LogInAsync(Asking client, int user) =>
        client.PostFormAsync("/login", ("nickname", $"user{user}"), ("password", $"password{user}"));

    private static async Task<SortedDictionary<string, long>> CountersAsync(Asking server) =>
        JsonSerializer.Deserialize<SortedDictionary<string, long>>(await server.GetAsync("/counters"))!;

    /// <summary>What the production database counts; the question is a connection itself.</summary>
    private async Task<long> StatusAsync(string name)
    {
        var colon = database.LastIndexOf(':');
        var row = await Tool.RunAsync(
            "mariadb",
            "--no-defaults", "--host", database[..colon], "--port", database[(colon + 1)..], "--user", "auction", "--password=auction",
            "--skip-ssl", "--skip-column-names", "--execute", $"SHOW GLOBAL STATUS LIKE '{name}'");
        return long.Parse(row.Split('\t')[1], CultureInfo.InvariantCulture);
    }
}
