using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.Bench.Proxy;

/// <summary>
/// What everything on costs on-line: a service with a CPU quota, so that it saturates and not the machine, driven from light
/// load to past saturation, directly and through both proxies (recording, and duplicating to a clone with the same quota). The
/// arrivals are the same each time. Both proxies stand before the service: neither is out of the way of a request. The clone is on
/// the service's own processors here; what that alone costs is measured too, with a clone that somebody else asks as much, and what
/// two relays of the best kind cost in the proxies' place.
/// </summary>
internal static class CostPart
{
    private const double Share = 0.3;
    private const int Page = 20_000;
    private const int Connections = 64;
    private const double Most = 0.5;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(10);
    private static readonly double[] Levels = [0.25, 0.5, 0.75, 0.95, 1.1];

    /// <summary>Measures.</summary>
    public static async Task RunAsync(Options options, Results results)
    {
        var groups = ControlGroupDetection.Detect(
            new AgentSettings("bench", "bench", Path.GetTempPath(), 1, true, Period, Isolation.None, false, []));
        var started = new List<GroupPath>();
        await using var servers = new Servers();
        try
        {
            var service = await CappedAsync("service");
            var clone = await CappedAsync("clone");
            YieldCores(groups.EntryFiles(GroupPath.Of("clone")));
            var record = await servers.OwnAsync(
                "http", service, "--role", "out", "--sandbox", $"127.0.0.1:{Servers.Port()}", "--time-shift", "1s");
            var all = await servers.OwnAsync("http", record.EndPoint, "--sandbox", $"{clone}", "--time-shift", "1s", "--memory", "256");
            var peers = await servers.HaProxyAsync("http", $"{(await servers.HaProxyAsync("http", $"{service}")).EndPoint}");
            foreach (var at in new[] { service, all.EndPoint, clone, peers.EndPoint, all.EndPoint })
                await Wrk.RunAsync(at, $"/primes/{Page}", 8, TimeSpan.FromSeconds(3));
            var saturation = Results.Median([
                (await Wrk.RunAsync(service, $"/primes/{Page}", Connections, TimeSpan.FromSeconds(4))).ThroughputPerSecond,
                (await Wrk.RunAsync(service, $"/primes/{Page}", Connections, TimeSpan.FromSeconds(4))).ThroughputPerSecond]);
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"\nEverything on, before a service with {Share:0%} of a core that saturates at {saturation:0} requests/s ("
                        + $"{groups.Description})"));
            Console.WriteLine(
                "  Mean response times: alone; beside a clone that somebody else asks as much; the same behind two HAProxies "
                    + "that only relay; with everything on");
            Console.WriteLine(
                $"  {"load",6}{"req/s",9}{"all on",10}{"alone, ms",12}{"beside",9}{"HAProxies",11}{"all on",9}"
                    + $"{"all on − alone",18}{"− beside",16}{"− HAProxies",16}");
            var contenders = new Contenders(service, clone, peers.EndPoint, all, () => groups.CpuTime(GroupPath.Of("service")));
            foreach (var level in Levels)
                await LevelAsync(options, results, contenders, saturation, level);
        }
        finally
        {
            foreach (var group in started)
            {
                ProcessTable.End(groups.Processes(group));
                groups.Remove(group);
            }

            groups.Remove(GroupPath.Root);
        }

        async Task<IPEndPoint> CappedAsync(string name)
        {
            var address = $"127.0.0.1:{Servers.Port()}";
            var group = GroupPath.Of(name);
            groups.Create(group);
            groups.SetCpu(group, new CpuShare(Share), Period);
            started.Add(group);
            var program = new VmProgram(
                "dotnet",
                [Path.Combine(
                    Servers.Home, "tests/Subjects/Calculator/bin/Release/net10.0/JustRunIt.Calculator.dll"), "--listen", "{listen}"],
                new Dictionary<string, string>(),
                Servers.Home,
                address,
                null,
                "/health");
            Launcher.Start(
                program, address, null, groups.EntryFiles(group), null, Path.Combine(Path.GetTempPath(), $"justrunit-bench-{name}.log"));
            await HealthCheck.WaitAsync(address, "/health", () => null, CancellationToken.None);
            return IPEndPoint.Parse(address);
        }
    }

    /// <summary>
    /// A clone has a machine of its own: here it is given what the on-line side leaves of the cores (cpu.shares, or cpu.weight in
    /// version 2).
    /// </summary>
    private static void YieldCores(IEnumerable<string> entryFiles)
    {
        foreach (var folder in entryFiles.Select(file => Path.GetDirectoryName(file)!))
        {
            foreach (var (file, least) in new[] { ("cpu.shares", "2"), ("cpu.weight", "1") })
            {
                if (File.Exists(Path.Combine(folder, file)))
                    File.WriteAllText(Path.Combine(folder, file), least);
            }
        }
    }

    private static async Task LevelAsync(Options options, Results results, Contenders contenders, double saturation, double level)
    {
        var (direct, beside, peers, proxied) = (new CostSeries(), new CostSeries(), new CostSeries(), new CostSeries());
        var rate = saturation * level;
        // More than elsewhere: what is looked for is small beside what a quota alone lets differ from run to run.
        var rounds = options.IsQuick ? 2 : 8;
        for (var round = 0; round < rounds; round++)
        {
            await Console.Error.WriteAsync($"\r  {level:0%}: round {round + 1} of {rounds}");
            Func<Task>[] turns =
            [
                () => RunAsync(direct, contenders.Service),
                () => RunAsync(beside, contenders.Service, contenders.ItsClone),
                () => RunAsync(peers, contenders.Peers, contenders.ItsClone),
                () => RunAsync(proxied, contenders.All.EndPoint),
            ];
            // Who is first alternates: what one leaves behind must not always meet the other.
            foreach (var turn in round % 2 == 0 ? turns : turns.Reverse())
                await turn();

            async Task RunAsync(CostSeries series, IPEndPoint at, IPEndPoint? clone = null)
            {
                await using var load = new OpenLoad(at, $"/primes/{Page}", Connections);
                await using var cloneLoad = clone is null ? null : new OpenLoad(clone, $"/primes/{Page}", Connections);
                var before = contenders.ServiceTime();
                var cloned = cloneLoad?.RunAsync(rate, options.Length, seed: rounds + round);
                var outcome = await load.RunAsync(rate, options.Length, seed: round);
                series.Add(outcome, contenders.ServiceTime() - before);
                if (cloned is not null)
                    await cloned;
                // The clone works off what is due.
                await Task.Delay(TimeSpan.FromSeconds(1.2));
            }
        }

        var throughput = Results.Ratio(proxied.PerSecond, direct.PerSecond);
        var (toDirect, toBeside, toPeers) = (proxied.To(direct), proxied.To(beside), proxied.To(peers));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"\r  {level,6:0%}{Results.Median(direct.PerSecond),9:0.0}{throughput,8:0.000} ×{direct.MeanMs,12:0.00}"
                + $"{beside.MeanMs,9:0.00}{peers.MeanMs,11:0.00}{proxied.MeanMs,9:0.00}{toDirect,18}{toBeside,16}{toPeers,16}"));
        var figures = new JsonObject
        {
            ["level"] = level,
            ["ratePerSecond"] = rate,
            ["throughputToDirect"] = throughput,
            ["shed"] = (await contenders.All.ReportAsync()).GetProperty("shed").GetInt64(),
            ["errors"] = direct.Errors + beside.Errors + peers.Errors + proxied.Errors,
        };
        foreach (var (name, series) in new[] { ("direct", direct), ("besideClone", beside), ("twoHaProxies", peers), ("allOn", proxied) })
        {
            figures[$"{name}MeanMs"] = series.MeanMs;
            figures[$"{name}P99Ms"] = series.P99Ms;
            figures[$"{name}ServiceCpuMs"] = series.ServiceMs;
        }

        foreach (var (name, to) in new[] { ("", toDirect), ("ToBesideClone", toBeside), ("ToTwoHaProxies", toPeers) })
        {
            figures[$"difference{name}Ms"] = to.MedianMs;
            figures[$"standardError{name}Ms"] = to.ErrorMs;
        }

        results.Add("cost", figures);
        var at = FormattableString.Invariant($"everything on at {level:0%} of saturation");
        results.Target(
            $"{at}: throughput within 1 %",
            throughput,
            throughput is >= 0.99 and <= 1.01,
            FormattableString.Invariant($"{throughput:0.000} ×"));
        results.Target(
            $"{at}: at most 0.5 ms more, mean",
            toDirect.MedianMs,
            !toDirect.IsMoreThan(Most),
            $"{toDirect} ms"
                + $"{(toDirect.MedianMs > Most && !toDirect.IsMoreThan(Most) ? ", more than that but within the noise" : "")}; "
                + $"{toPeers} ms to two HAProxies in their place");
    }

    /// <summary>Who is measured.</summary>
    /// <param name="Service">The service.</param>
    /// <param name="ItsClone">Its clone.</param>
    /// <param name="Peers">Two HAProxies, one behind the other, before the service.</param>
    /// <param name="All">The in-proxy before both proxies and the service.</param>
    /// <param name="ServiceTime">Processor time that the service has used.</param>
    private sealed record Contenders(IPEndPoint Service, IPEndPoint ItsClone, IPEndPoint Peers, Server All, Func<TimeSpan> ServiceTime);
}
