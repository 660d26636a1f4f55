using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.StandAlone;
using Microsoft.AspNetCore.Builder;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>The clone's connections are the original's, a time shift later; what memory cannot hold is given up and begins anew.</summary>
public sealed class ShadowConnectionTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly TcpListener clone = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<TcpClient> accepted = [];
    private int ended;
    private TestServer original = null!;

    public async Task InitializeAsync()
    {
        original = await TestServer.StartAsync(application => application.MapGet("/", () => "hello"));
        clone.Start();
        _ = AcceptAsync();
    }

    public async Task DisposeAsync()
    {
        clone.Stop();
        foreach (var client in accepted)
            client.Dispose();
        await original.DisposeAsync();
    }

    [Fact]
    public async Task The_clone_has_as_many_connections_as_the_original_and_none_of_a_client_that_asks_for_nothing()
    {
        await using (var proxy = Start(memoryLimitBytes: 1 << 20))
        {
            for (var i = 0; i < 6; i++)
            {
                using var client = await RawClient.ConnectAsync(proxy.EndPoint);
                if (i % 2 == 0)
                    continue;
                await client.SendAsync("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
                Assert.Contains("hello", await client.ReadReplyAsync(), StringComparison.Ordinal);
            }

            await UntilAsync(() => accepted.Count == 3);
            // It answers nothing, and is waited for.
            Assert.Equal(0, Volatile.Read(ref ended));
        }

        await UntilAsync(() => Volatile.Read(ref ended) == 3);
        Assert.Equal(3, accepted.Count);
    }

    [Fact]
    public async Task A_session_that_was_shed_begins_anew_and_nobody_on_line_notices()
    {
        await using var proxy = Start(memoryLimitBytes: 64 << 10);
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 1 })
        { BaseAddress = new Uri($"http://{proxy.EndPoint}") };
        // The clone never answers: its duplicates pile up until memory is short.
        using var patience = new CancellationTokenSource(Patience);
        while (accepted.Count < 2)
        {
            Assert.Equal("hello", await client.GetStringAsync("/", patience.Token));
            // What comes within a time shift must fit: otherwise the new session is shed too before it is due.
            await Task.Delay(TimeSpan.FromMilliseconds(10), patience.Token);
        }

        Assert.True((await proxy.ReportAsync()).Shed > 0);
    }

    private StandAloneProxy Start(long memoryLimitBytes) => StandAloneProxy.Start(
        new ProxyOptions
        {
            Role = ProxyRole.In,
            Protocol = ProtocolRegistry.Default,
            Listen = Settings.Free,
            Upstream = Settings.Of(original.EndPoint),
            Sandbox = (IPEndPoint)clone.LocalEndpoint,
            TimeShift = Scenes.TimeShift,
            MemoryLimitBytes = memoryLimitBytes,
        },
        TimeProvider.System);

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await clone.AcceptTcpClientAsync();
                accepted.Add(client);
                _ = ReadAsync(client);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The test has ended.
        }
    }

    private async Task ReadAsync(TcpClient client)
    {
        var buffer = new byte[4096];
        try
        {
            while (await client.GetStream().ReadAsync(buffer) > 0)
            {
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Reset, or the test has ended.
        }

        Interlocked.Increment(ref ended);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!condition())
        {
            Assert.False(patience.IsCancellationRequested);
            await Task.Delay(20, CancellationToken.None);
        }
    }
}
