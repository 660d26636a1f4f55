using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.StandAlone;

namespace JustRunIt.ProxyNode.Tests.Soaking;

/// <summary>What was held at one moment.</summary>
/// <param name="Descriptors">
/// Open sockets, pipes and events of this process. Files do not count: the runtime opens assemblies when it first needs them.
/// </param>
/// <param name="Buffers">Pooled buffers that are out.</param>
/// <param name="Connections">Connections of clients to the proxies.</param>
/// <param name="ToServer">Connections of the proxies to the server.</param>
/// <param name="ToClone">Connections of the in-proxy to the clone.</param>
/// <param name="HeapBytes">Live objects, after a full collection.</param>
internal sealed record Held(int Descriptors, long Buffers, int Connections, int ToServer, int ToClone, long HeapBytes);

/// <summary>What a soak found.</summary>
/// <param name="Requests">Replies that came whole.</param>
/// <param name="Broken">Requests that were broken off, by either side.</param>
/// <param name="Duplicates">Duplicates that the clone answered.</param>
/// <param name="Before">Held when everything had run for a moment and had come to rest.</param>
/// <param name="After">Held when everything has come to rest again.</param>
internal sealed record SoakResult(long Requests, long Broken, long Duplicates, Held Before, Held After)
{
    /// <summary>What has leaked; null when nothing has.</summary>
    public string? Leak =>
        After.Connections > 0 ? $"{After.Connections} connections of clients"
        : After.ToServer > 0 ? $"{After.ToServer} connections to the server"
        : After.ToClone > 0 ? $"{After.ToClone} connections to the clone"
        : After.Descriptors > Before.Descriptors + 3 ? $"{After.Descriptors - Before.Descriptors} descriptors"
        : After.Buffers > Before.Buffers + 8 ? $"{After.Buffers - Before.Buffers} pooled buffers"
        : After.HeapBytes > (2 * Before.HeapBytes) + (8L << 20) ? $"{(After.HeapBytes - Before.HeapBytes) >> 20} MiB of memory"
        : null;
}

/// <summary>
/// Load at a constant rate through an in-proxy with a clone and through an out-proxy, while clients, server and clone reset
/// connections by chance. Afterwards nothing may be held.
/// </summary>
internal static class Soak
{
    private const int Clients = 32;
    private const double Carelessness = 0.03;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Runs.</summary>
    /// <param name="time">How long the load lasts.</param>
    /// <param name="perSecond">Requests a second.</param>
    /// <param name="progress">Told every ten seconds.</param>
    public static async Task<SoakResult> RunAsync(TimeSpan time, double perSecond, Action<string>? progress = null)
    {
        using var buffers = new BufferBalance();
        await using var server = new CarelessServer(Carelessness);
        await using var clone = new CarelessServer(Carelessness);
        await using var inProxy = Scenes.In("http", server.EndPoint, clone.EndPoint);
        await using var outProxy = Scenes.Out("http", server.EndPoint);
        IPEndPoint[] targets = [inProxy.EndPoint, inProxy.EndPoint, outProxy.EndPoint, outProxy.SandboxEndPoint!];
        var counts = new Counts();
        await LoadAsync(targets, perSecond, WarmUp, counts, null);
        var before = await RestAsync();
        await LoadAsync(targets, perSecond, time, counts, progress);
        var after = await RestAsync();
        var report = await inProxy.ReportAsync();
        return new SoakResult(counts.Requests, counts.Broken, report.Sandbox!.Requests, before, after);

        async Task<Held> RestAsync()
        {
            // Connections end, and with them the duplicates that are still due.
            var patience = Stopwatch.StartNew();
            var last = await HeldAsync();
            for (var same = 0; same < 5 && patience.Elapsed < Patience;)
            {
                await Task.Delay(500);
                var now = await HeldAsync();
                same = now.Connections + now.ToServer + now.ToClone == 0
                    && now.Descriptors == last.Descriptors
                    && now.Buffers == last.Buffers ? same + 1 : 0;
                last = now;
            }

            return last with { HeapBytes = GC.GetTotalMemory(forceFullCollection: true) };
        }

        async Task<Held> HeldAsync() => new(
            Directory.GetFiles("/proc/self/fd").Count(
                descriptor => new FileInfo(descriptor).LinkTarget is { } target && !target.StartsWith('/')),
            buffers.Out,
            (await inProxy.ReportAsync()).Process.Connections + (await outProxy.ReportAsync()).Process.Connections,
            server.Open,
            clone.Open,
            0);
    }

    private static Task LoadAsync(IPEndPoint[] targets, double perSecond, TimeSpan time, Counts counts, Action<string>? progress)
    {
        var watch = Stopwatch.StartNew();
        var told = 0L;
        return Task.WhenAll(Enumerable.Range(0, Clients).Select(number => Task.Run(async () =>
        {
            var random = new Random(number);
            var client = new CarelessClient(targets[number % targets.Length], random, Carelessness);
            // Each client keeps to its own timetable, so that the rate is that of all, whoever waits.
            var every = TimeSpan.FromSeconds(Clients / perSecond);
            for (var due = every * random.NextDouble(); due < time; due += every)
            {
                if (due - watch.Elapsed is { Ticks: > 0 } left)
                    await Task.Delay(left);
                if (await client.AskAsync())
                    Interlocked.Increment(ref counts.Requests);
                else
                    Interlocked.Increment(ref counts.Broken);
                var tens = (long)watch.Elapsed.TotalSeconds / 10;
                if (progress is not null && tens > Interlocked.Exchange(ref told, tens))
                    progress($"{watch.Elapsed.TotalSeconds:0} s: {counts.Requests:N0} answered, {counts.Broken:N0} broken off");
            }

            client.Dispose();
        })));
    }

    private sealed class Counts
    {
        public long Requests;
        public long Broken;
    }
}
