using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace JustRunIt.Bench.Proxy;

/// <summary>HTTP relayed, mirrored, duplicated and recorded, side by side: nginx behind everything, and as the clone.</summary>
internal static class HttpPart
{
    private const string Direct = "direct";
    private const string HaProxy = "HAProxy";
    private const string ProxyPass = "nginx proxy_pass";
    private const string Mirror = "nginx mirror";
    private const string Relay = "relay";
    private const string Duplicate = "duplicate";
    private const string Record = "record";

    private static readonly TimeSpan Drain = TimeSpan.FromSeconds(1);

    /// <summary>Measures.</summary>
    public static async Task RunAsync(Options options, Results results, List<(string Name, double Small, double Large)> bars)
    {
        await using var servers = new Servers();
        var origin = await servers.OriginAsync();
        var clone = await servers.OriginAsync();
        string[] shift = ["--time-shift", "500ms", "--memory", "256"];
        var contenders = new Dictionary<string, Server>
        {
            [Direct] = origin,
            [HaProxy] = await servers.HaProxyAsync("http", $"{origin.EndPoint}"),
            [ProxyPass] = await servers.NginxProxyAsync(origin.EndPoint),
            [Relay] = await servers.OwnAsync("http", origin.EndPoint),
            [Mirror] = await servers.NginxProxyAsync(origin.EndPoint, clone.EndPoint),
            [Duplicate] = await servers.OwnAsync("http", origin.EndPoint, ["--sandbox", $"{clone.EndPoint}", .. shift]),
            [Record] = await servers.OwnAsync(
                "http", origin.EndPoint, ["--role", "out", "--sandbox", $"127.0.0.1:{Servers.Port()}", .. shift]),
        };
        Console.WriteLine("Warming up");
        foreach (var name in (string[])[Relay, Duplicate, Record])
        {
            // As long as the runtime takes to compile what runs often as well as it can.
            foreach (var path in (string[])["/128", "/16384", "/128"])
                await Wrk.RunAsync(contenders[name].EndPoint, path, 32, TimeSpan.FromSeconds(2));
        }

        (int Connections, int Bytes)[] cells = options.IsQuick ? [(32, 128), (32, 16384)] : [
            (1, 128), (32, 128), (256, 128), (1, 16384), (32, 16384), (256, 16384),
        ];
        foreach (var (connections, bytes) in cells)
        {
            Console.WriteLine($"\n{bytes} bytes, {connections} connections, as much as they bear");
            var full = await RoundsAsync(
                options,
                contenders,
                connections == 32 ? options.Rounds : Math.Min(2, options.Rounds),
                server => Wrk.RunAsync(server.EndPoint, $"/{bytes}", connections, options.Length));
            Print("full", connections, bytes, full, results);
            Compare(results, full, connections, bytes);
            if (connections != 32)
                continue;
            bars.AddRange(full.Where(_ => bytes == 128).Select(pair => (pair.Key, Results.Median(pair.Value.Throughput), 0.0)));
            for (var i = 0; bytes != 128 && i < bars.Count; i++)
                bars[i] = bars[i] with { Large = Results.Median(full[bars[i].Name].Throughput) };
            await HalfAsync(options, contenders, results, connections, bytes, full);
            await AllocationAsync(options, contenders[Relay], results, connections, bytes, Results.Median(full[ProxyPass].Throughput) / 2);
        }
    }

    /// <summary>What the relay allocates for a request, on connections that are open already: what a connection takes is its own.</summary>
    private static async Task AllocationAsync(Options options, Server relay, Results results, int connections, int bytes, double rate)
    {
        await using var load = new OpenLoad(relay.EndPoint, $"/{bytes}", connections);
        await load.RunAsync(rate, options.Length);
        var one = new Series();
        for (var round = 0; round < options.Rounds; round++)
            await one.AddAsync(relay, _ => load.RunAsync(rate, options.Length), TimeSpan.Zero);
        results.Target(
            $"relay: no allocation for a request ({bytes} B, {connections} connections)",
            one.AllocatedBytes,
            one.AllocatedBytes < 1,
            $"{Results.Text(one.AllocatedBytes, "0.00")} bytes a request on open connections, the report's own taken off");
    }

    /// <summary>
    /// Half of what the slower of two that are compared bears, as a constant rate for both: those that only relay, and those
    /// that ask a clone as well.
    /// </summary>
    private static async Task HalfAsync(
        Options options,
        Dictionary<string,
        Server> contenders,
        Results results,
        int connections,
        int bytes,
        Dictionary<string,
        Series> full)
    {
        foreach (var (group, slowest) in new[]
        {
            (new[] { Direct, HaProxy, ProxyPass, Relay, Record }, ProxyPass),
            ([Mirror, Duplicate], Mirror),
        })
        {
            var rate = Results.Median(full[slowest].Throughput) / 2;
            Console.WriteLine($"\n{bytes} bytes, {connections} connections, {rate:0} requests/s: half of what {slowest} bears");
            var some = contenders.Where(pair => group.Contains(pair.Key)).ToDictionary();
            var half = await RoundsAsync(options, some, options.Rounds, async server =>
            {
                await using var load = new OpenLoad(server.EndPoint, $"/{bytes}", connections);
                await load.RunAsync(rate, TimeSpan.FromSeconds(0.5));
                return await load.RunAsync(rate, options.Length);
            });
            Print("half", connections, bytes, half, results);
            if (half.TryGetValue(Relay, out var relay) && bytes == 128)
            {
                var ratio = Results.Ratio(relay.P99, half[ProxyPass].P99);
                results.Target(
                    "relay: 99th percentile at half load no worse than proxy_pass", ratio, ratio <= 1, $"{Results.Text(ratio, "0.00")} ×");
            }

            if (half.TryGetValue(Duplicate, out var duplicate) && bytes == 128)
            {
                results.Target(
                    "duplicates leave within 1 ms of when they are due, median",
                    duplicate.LateP50,
                    duplicate.LateP50 <= 1,
                    $"{Results.Text(duplicate.LateP50, "0.00")} ms");
                results.Target(
                    "duplicates leave within 5 ms of when they are due, 99th percentile",
                    duplicate.LateP99,
                    duplicate.LateP99 <= 5,
                    $"{Results.Text(duplicate.LateP99, "0.00")} ms");
            }
        }
    }

    private static void Compare(Results results, Dictionary<string, Series> full, int connections, int bytes)
    {
        var relay = Results.Ratio(full[Relay].Throughput, full[ProxyPass].Throughput);
        var at = $"{bytes} B, {connections} connections";
        results.Target($"relay: at least the throughput of proxy_pass ({at})", relay, relay >= 1, $"{Results.Text(relay, "0.00")} ×");
        var duplicate = Results.Ratio(full[Duplicate].Throughput, full[Mirror].Throughput);
        results.Target(
            $"record + time shift + duplicate + measure: at least 1.5 × mirror ({at})",
            duplicate,
            duplicate >= 1.5,
            $"{Results.Text(duplicate, "0.00")} ×, {full[Duplicate].Shed} shed");
    }

    /// <summary>The contenders in turn, round after round.</summary>
    private static async Task<Dictionary<string, Series>> RoundsAsync(
        Options options, Dictionary<string, Server> contenders, int rounds, Func<Server, Task<OpenLoad.Outcome>> measure)
    {
        var all = contenders.Keys.ToDictionary(name => name, _ => new Series());
        for (var round = 0; round < rounds; round++)
        {
            foreach (var (name, server) in contenders)
            {
                await Console.Error.WriteAsync($"\r  round {round + 1} of {rounds}: {name,-20}");
                await all[name].AddAsync(server, measure, name == Duplicate ? Drain : TimeSpan.Zero);
            }
        }

        await Console.Error.WriteAsync("\r" + new string(' ', 60) + "\r");
        return all;
    }

    private static void Print(string load, int connections, int bytes, Dictionary<string, Series> all, Results results)
    {
        Console.WriteLine(
            $"  {"",-18}{"requests/s",11}{"median ms",11}{"99th ms",9}{"CPU µs",8}{"peak MiB",10}{"alloc B",9}   × direct or "
                + $"first   errors");
        var first = all.First().Value;
        foreach (var (name, one) in all)
        {
            var ratio = Results.Ratio(one.Throughput, first.Throughput);
            var allocated = double.IsNaN(one.AllocatedBytes) ? "" : Results.Text(one.AllocatedBytes, "0.0");
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {name,-18}{Results.Median(one.Throughput),11:0}{Results.Median(one.P50),11:0.000}"
                    + $"{Results.Median(one.P99),9:0.00}{Results.Median(one.CpuMicroseconds),8:0.0}"
                    + $"{one.PeakBytes / 1048576.0,10:0.0}{allocated,9}   {ratio,8:0.00}{one.Errors,19}"));
            results.Add("http", new JsonObject
            {
                ["contender"] = name,
                ["load"] = load,
                ["connections"] = connections,
                ["bytes"] = bytes,
                ["throughputPerSecond"] = Results.Median(one.Throughput),
                ["throughputToFirst"] = ratio,
                ["p50Ms"] = Results.Median(one.P50),
                ["p50ToFirst"] = Results.Ratio(one.P50, first.P50),
                ["p99Ms"] = Results.Median(one.P99),
                ["p99ToFirst"] = Results.Ratio(one.P99, first.P99),
                ["cpuMicrosecondsPerRequest"] = Results.Median(one.CpuMicroseconds),
                ["peakBytes"] = one.PeakBytes,
                ["allocatedBytesPerRequest"] = double.IsNaN(one.AllocatedBytes) ? null : one.AllocatedBytes,
                ["latenessP50Ms"] = double.IsNaN(one.LateP50) ? null : one.LateP50,
                ["latenessP99Ms"] = double.IsNaN(one.LateP99) ? null : one.LateP99,
                ["shed"] = one.Shed,
                ["errors"] = one.Errors,
                ["rounds"] = new JsonArray([.. one.Throughput.Select(value => (JsonNode)value)]),
            });
        }
    }

    /// <summary>One contender's figures, a round each.</summary>
    private sealed class Series
    {
        private readonly List<double> allocated = [];
        private readonly List<double> lateP50 = [];
        private readonly List<double> lateP99 = [];

        public List<double> Throughput { get; } = [];

        public List<double> P50 { get; } = [];

        public List<double> P99 { get; } = [];

        public List<double> CpuMicroseconds { get; } = [];

        public long PeakBytes { get; private set; }

        public long Errors { get; private set; }

        public long Shed { get; private set; }

        public double AllocatedBytes => Results.Median(allocated);

        public double LateP50 => Results.Median(lateP50);

        public double LateP99 => Results.Median(lateP99);

        public async Task AddAsync(Server server, Func<Server, Task<OpenLoad.Outcome>> measure, TimeSpan drain)
        {
            var before = default(JsonElement);
            var reportItself = 0L;
            if (server.Admin is not null)
            {
                await server.ResetAsync();
                // What a report allocates is not the requests'.
                var first = await server.ReportAsync();
                before = await server.ReportAsync();
                reportItself = Allocated(before) - Allocated(first);
            }

            var cpu = server.CpuTime();
            var outcome = await measure(server);
            await Task.Delay(drain);
            Throughput.Add(outcome.ThroughputPerSecond);
            P50.Add(outcome.P50Ms);
            P99.Add(outcome.P99Ms);
            CpuMicroseconds.Add((server.CpuTime() - cpu).TotalMicroseconds / outcome.Requests);
            Errors += outcome.Errors;
            PeakBytes = server.PeakBytes();
            if (server.Admin is null)
                return;
            var after = await server.ReportAsync();
            allocated.Add(Math.Max(0, Allocated(after) - Allocated(before) - reportItself) / (double)outcome.Requests);
            Shed += after.GetProperty("shed").GetInt64() - before.GetProperty("shed").GetInt64();
            if (after.GetProperty("latenessMs") is { ValueKind: JsonValueKind.Object } late)
            {
                lateP50.Add(late.GetProperty("p50").GetDouble());
                lateP99.Add(late.GetProperty("p99").GetDouble());
            }
        }

        private static long Allocated(JsonElement report) => report.GetProperty("process").GetProperty("allocatedBytes").GetInt64();
    }
}
