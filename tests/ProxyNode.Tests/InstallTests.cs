using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using JustRunIt.ProxyNode.StandAlone;
using JustRunIt.ProxyNode.Tests.Peers;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>The stand-alone proxy around the address of a live nginx, for clients on the same host and from elsewhere. Needs root.</summary>
public sealed class InstallTests : IAsyncLifetime
{
    private const string Url = $"http://{NetworkNamespace.ServerAddress}:8080/";
    private const string Admin = "127.0.0.1:9900";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string folder = Directory.CreateTempSubdirectory("justrunit-install").FullName;
    private readonly List<Process> started = [];
    private NetworkNamespace hosts = null!;

    public async Task InitializeAsync()
    {
        hosts = await NetworkNamespace.StartAsync();
        Start(hosts.Server, "nginx", "-c", Nginx.Configure(folder, $"{NetworkNamespace.ServerAddress}:8080"));
        await UntilAsync(() => IsServedAsync(hosts.Server));
    }

    public async Task DisposeAsync()
    {
        foreach (var process in started)
        {
            if (!process.HasExited)
                process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        await hosts.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task No_request_fails_when_the_proxy_is_installed_and_removed_under_load()
    {
        var clients = new[] { hosts.Server, hosts.Elsewhere }.SelectMany(host => new[] { Load(host, keepsAlive: true), Load(host, keepsAlive: false) }).ToList();
        await Task.Delay(1000);
        var proxy = await InstallAsync();
        await UntilAsync(async () => await RequestsAsync() > 200);
        Signal(proxy, Terminate);
        await proxy.WaitForExitAsync().WaitAsync(Patience);
        Assert.Equal(0, proxy.ExitCode);
        Assert.Empty((await TablesAsync()).Trim());
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
        await UntilAsync(async () => await IsServedAsync(hosts.Elsewhere) && await RequestsAsync() > 0);
        Signal(proxy, Kill);
        await proxy.WaitForExitAsync().WaitAsync(Patience);
        await UntilAsync(() => IsServedAsync(hosts.Server));
        await UntilAsync(() => IsServedAsync(hosts.Elsewhere));
        var orphan = await TablesAsync();
        Assert.Contains("justrunit_proxy_", orphan, StringComparison.Ordinal);
        await InstallAsync();
        await UntilAsync(async () => await TablesAsync() is var tables && tables.Contains("justrunit_proxy_", StringComparison.Ordinal) && !tables.Contains(orphan.Trim(), StringComparison.Ordinal));
        Assert.True(await IsServedAsync(hosts.Elsewhere));
    }

    [Fact]
    public async Task A_second_proxy_at_the_same_address_is_refused_in_one_line()
    {
        await InstallAsync();
        var second = Proxy();
        var error = await second.StandardError.ReadToEndAsync().WaitAsync(Patience);
        await second.WaitForExitAsync().WaitAsync(Patience);
        Assert.Equal(2, second.ExitCode);
        Assert.Equal($"install: '{NetworkNamespace.ServerAddress}:8080': a running proxy is installed there; allowed is an address without one\n", error);
    }

    [Fact]
    public async Task Rules_that_somebody_else_took_away_come_back()
    {
        await InstallAsync();
        await NetworkNamespace.RunAsync(hosts.Server, "nft", "flush", "ruleset");
        await UntilAsync(async () => (await TablesAsync()).Contains("justrunit_proxy_", StringComparison.Ordinal));
        var before = await RequestsAsync();
        await UntilAsync(async () => await IsServedAsync(hosts.Elsewhere) && await RequestsAsync() > before);
    }

    private const int Kill = 9;
    private const int Terminate = 15;

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int SendSignal(int process, int signal);

    // 'ip netns exec' becomes the program that it starts.
    private static void Signal(Process process, int signal) => Assert.Equal(0, SendSignal(process.Id, signal));

    private async Task<Process> InstallAsync()
    {
        var proxy = Proxy();
        await UntilAsync(async () =>
        {
            Assert.False(proxy.HasExited, proxy.HasExited ? await proxy.StandardError.ReadToEndAsync() : "");
            return (await TablesAsync()).Contains("justrunit_proxy_", StringComparison.Ordinal) && await RequestsAsync() >= 0;
        });
        return proxy;
    }

    private Process Proxy() => Start(
        hosts.Server, "dotnet", typeof(ProxyOptions).Assembly.Location, "proxy", "--role", "in", "--upstream", $"{NetworkNamespace.ServerAddress}:8080", "--install", "--admin", Admin);

    private Process Start(string host, string program, params string[] arguments)
    {
        var process = NetworkNamespace.Start(host, program, arguments);
        started.Add(process);
        return process;
    }

    /// <summary>A client that asks 600 times, 100 times a second: status, curl's exit code and connections made, of each.</summary>
    private static async Task<List<string[]>> Load(string host, bool keepsAlive)
    {
        using var curl = NetworkNamespace.Start(
            host, "curl", "--silent", "--rate", "100/s", "--output", "/dev/null", "--write-out", "%{http_code} %{exitcode} %{num_connects}\n",
            "--header", keepsAlive ? "X-Stays: 1" : "Connection: close", Url + "[1-600]");
        var said = await curl.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
        return [.. said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' '))];
    }

    private static async Task<bool> IsServedAsync(string host)
    {
        try
        {
            return await NetworkNamespace.RunAsync(host, "curl", "--silent", "--max-time", "5", Url) == "hello\n";
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private Task<string> TablesAsync() => NetworkNamespace.RunAsync(hosts.Server, "nft", "list", "tables");

    /// <summary>Requests that went through the proxy; −1 while it does not say.</summary>
    private async Task<long> RequestsAsync()
    {
        try
        {
            using var report = System.Text.Json.JsonDocument.Parse(await NetworkNamespace.RunAsync(hosts.Server, "curl", "--silent", $"http://{Admin}/report"));
            return report.RootElement.GetProperty("live").GetProperty("requests").GetInt64();
        }
        catch (Exception e) when (e is InvalidOperationException or System.Text.Json.JsonException)
        {
            return -1;
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (var waited = Stopwatch.StartNew(); !await condition(); await Task.Delay(50))
            Assert.True(waited.Elapsed < Patience, string.Create(CultureInfo.InvariantCulture, $"nothing after {waited.Elapsed}"));
    }
}
