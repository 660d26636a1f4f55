using System.Diagnostics;
using JustRunIt.Infrastructure.Peers;
using JustRunIt.ProxyNode.Tests.Peers;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>
/// The stand-alone proxy around the address of a live nginx, for clients on the same host and from elsewhere. Needs root.
/// </summary>
public sealed class InstallTests : IAsyncLifetime
{
    private const int Port = 8080;
    private const string Admin = "127.0.0.1:9900";

    private InstallScene scene = null!;

    public async Task InitializeAsync() => scene = await InstallScene.StartAsync(Port);

    public async Task DisposeAsync() => await scene.DisposeAsync();

    [Fact]
    public async Task No_request_fails_when_the_proxy_is_installed_and_removed_under_load()
    {
        var clients = new[] { scene.Server, scene.Elsewhere }
            .SelectMany(host => new[] { InstallScene.Load(host, Port, keepsAlive: true), InstallScene.Load(host, Port, keepsAlive: false) })
            .ToList();
        await scene.UntilConnectedAsync(2, Port);
        var proxy = await InstallAsync();
        await InstallScene.UntilAsync(async () => await RequestsAsync() > 200);
        InstallScene.Signal(proxy, InstallScene.Terminate);
        await proxy.WaitForExitAsync().WaitAsync(InstallScene.Patience);
        Assert.Equal(0, proxy.ExitCode);
        Assert.Empty((await scene.TablesAsync()).Trim());
        foreach (var client in clients)
        {
            var transfers = await client;
            Assert.All(transfers, transfer => Assert.Equal(("200", "0"), (transfer[0], transfer[1])));
        }

        // Those that were open when the proxy was installed went on as they were.
        Assert.Equal("1", (await clients[0]).Max(transfer => transfer[2]));
        Assert.Single(await clients[0], transfer => transfer[2] == "1");
        Assert.Single(await clients[2], transfer => transfer[2] == "1");
    }

    [Fact]
    public async Task A_killed_proxy_is_bypassed_and_the_next_start_takes_its_rules_away()
    {
        var proxy = await InstallAsync();
        await InstallScene.UntilAsync(async () => await InstallScene.IsServedAsync(scene.Elsewhere, Port) && await RequestsAsync() > 0);
        InstallScene.Signal(proxy, InstallScene.Kill);
        await proxy.WaitForExitAsync().WaitAsync(InstallScene.Patience);
        await InstallScene.UntilAsync(() => InstallScene.IsServedAsync(scene.Server, Port));
        await InstallScene.UntilAsync(() => InstallScene.IsServedAsync(scene.Elsewhere, Port));
        var orphan = await scene.TablesAsync();
        Assert.Contains("justrunit_proxy_", orphan, StringComparison.Ordinal);
        await InstallAsync();
        await InstallScene.UntilAsync(async () =>
            await scene.TablesAsync() is var tables && tables.Contains("justrunit_proxy_", StringComparison.Ordinal) && !tables.Contains(
                orphan.Trim(), StringComparison.Ordinal));
        Assert.True(await InstallScene.IsServedAsync(scene.Elsewhere, Port));
    }

    [Fact]
    public async Task A_second_proxy_at_the_same_address_is_refused_in_one_line()
    {
        await InstallAsync();
        var second = Proxy("--upstream", $"{NetworkNamespace.ServerAddress}:{Port}", "--install");
        var error = await second.StandardError.ReadToEndAsync().WaitAsync(InstallScene.Patience);
        await second.WaitForExitAsync().WaitAsync(InstallScene.Patience);
        Assert.Equal(2, second.ExitCode);
        Assert.Equal(
            $"install: '{NetworkNamespace.ServerAddress}:{Port}': a running proxy is installed there; allowed is an address without one\n",
            error);
    }

    [Fact]
    public async Task Rules_that_somebody_else_took_away_come_back()
    {
        await InstallAsync();
        await NetworkNamespace.RunAsync(scene.Server, "nft", "flush", "ruleset");
        await InstallScene.UntilAsync(async () => (await scene.TablesAsync()).Contains("justrunit_proxy_", StringComparison.Ordinal));
        var before = await RequestsAsync();
        await InstallScene.UntilAsync(
            async () => await InstallScene.IsServedAsync(scene.Elsewhere, Port) && await RequestsAsync() > before);
    }

    [Fact]
    public async Task Clients_whose_idle_connections_are_ended_come_through_the_proxy_and_lose_no_request()
    {
        var client = InstallScene.Load(scene.Elsewhere, Port, keepsAlive: true, "4/m", 4);
        await scene.UntilConnectedAsync(1, Port);
        var proxy = await InstallAsync("--upstream", $"{NetworkNamespace.ServerAddress}:{Port}", "--install", "--end-idle", "1s");
        Assert.All(await client, transfer => Assert.Equal(("200", "0"), (transfer[0], transfer[1])));
        await InstallScene.UntilAsync(async () => await RequestsAsync() > 0);
        InstallScene.Signal(proxy, InstallScene.Terminate);
        Assert.Contains("1 were ended while they idled", await proxy.StandardError.ReadToEndAsync().WaitAsync(InstallScene.Patience));
        await proxy.WaitForExitAsync().WaitAsync(InstallScene.Patience);
        Assert.Equal(0, proxy.ExitCode);
    }

    [Fact]
    public async Task A_proxy_that_reaches_the_server_by_its_Unix_socket_is_installed_around_the_server_s_address()
    {
        var proxy = await InstallAsync("--upstream", scene.UnixSocket(Port), "--install", $"{NetworkNamespace.ServerAddress}:{Port}");
        Assert.True(await InstallScene.IsServedAsync(scene.Server, Port));
        Assert.True(await InstallScene.IsServedAsync(scene.Elsewhere, Port));
        Assert.Equal(2, await RequestsAsync());
        InstallScene.Signal(proxy, InstallScene.Terminate);
        await proxy.WaitForExitAsync().WaitAsync(InstallScene.Patience);
        Assert.True(await InstallScene.IsServedAsync(scene.Elsewhere, Port));
    }

    private Task<Process> InstallAsync() => InstallAsync("--upstream", $"{NetworkNamespace.ServerAddress}:{Port}", "--install");

    private async Task<Process> InstallAsync(params string[] around)
    {
        var proxy = Proxy(around);
        await InstallScene.UntilAsync(async () =>
        {
            Assert.False(proxy.HasExited, proxy.HasExited ? await proxy.StandardError.ReadToEndAsync() : "");
            return (await scene.TablesAsync()).Contains("justrunit_proxy_", StringComparison.Ordinal) && await RequestsAsync() >= 0;
        });
        return proxy;
    }

    private static async Task<string> TokenAsync() =>
        File.Exists(AdminAccess.TokenFile) ? (await File.ReadAllTextAsync(AdminAccess.TokenFile)).Trim() : "";

    private Process Proxy(params string[] around) => scene.StartProxies(["proxy", "--role", "in", "--admin", Admin, .. around]);

    /// <summary>Requests that went through the proxy; −1 while it does not say.</summary>
    private async Task<long> RequestsAsync()
    {
        try
        {
            using var report = System.Text.Json.JsonDocument.Parse(
                await NetworkNamespace.RunAsync(scene.Server,
                    "curl", "--silent", "--header", $"Authorization: Bearer {await TokenAsync()}", $"http://{Admin}/report"));
            return report.RootElement.GetProperty("live").GetProperty("requests").GetInt64();
        }
        catch (Exception e) when (e is InvalidOperationException or System.Text.Json.JsonException)
        {
            return -1;
        }
    }
}
