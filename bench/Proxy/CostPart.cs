using System.Net;
using System.Text.Json.Nodes;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Hypervisors;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.Bench.Proxy;

/// <summary>
/// What everything on costs on-line: a service with a CPU quota, so that it saturates and not the machine, driven from light
/// load to past saturation, directly and through both proxies (recording, and duplicating to a clone with the same quota). The
/// arrivals are the same both times. Both proxies stand before the service: neither is out of the way of a request.
/// </summary>
internal static class CostPart
{
    private const double Share = 0.3;
    private const int Page = 20_000;
    private const int Connections = 64;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(10);
    private static readonly double[] Levels = [0.25, 0.5, 0.75, 0.95, 1.1];

    /// <summary>Measures.</summary>
    public static async Task RunAsync(Options options, Results results)
    {
        var groups = ControlGroupDetection.Detect(new AgentSettings("bench", "bench", Path.GetTempPath(), 1, true, Period, Isolation.None, false, []));
        var started = new List<GroupPath>();
        await using var servers = new Servers();
        try
        {
            var service = await CappedAsync("service");
            var clone = await CappedAsync("clone");
            YieldCores(groups.EntryFiles(GroupPath.Of("clone")));
            var record = await servers.OwnAsync("http", service, "--role", "out", "--sandbox", $"127.0.0.1:{Servers.Port()}", "--time-shift", "1s");
            var all = await servers.OwnAsync("http", record.EndPoint, "--sandbox", $"{clone}", "--time-shift", "1s", "--memory", "256");
            foreach (var at in new[] { service, all.EndPoint, clone, all.EndPoint })
                await Wrk.RunAsync(at, $"/primes/{Page}", 8, TimeSpan.FromSeconds(3));
            var saturation = Results.Median([
                (await Wrk.RunAsync(service, $"/primes/{Page}", Connections, TimeSpan.FromSeconds(4))).ThroughputPerSecond,
                (await Wrk.RunAsync(service, $"/primes/{Page}", Connections, TimeSpan.FromSeconds(4))).ThroughputPerSecond]);
            Console.WriteLine(FormattableString.Invariant($"\nEverything on, before a service with {Share:0%} of a core that saturates at {saturation:0} requests/s ({groups.Description})"));
            Console.WriteLine($"  {"load",6}{"direct req/s",14}{"all on",10}{"ratio",8}{"direct mean ms",16}{"all on",9}{"difference of pairs, ms",25}");
            foreach (var level in Levels)
                await LevelAsync(options, results, service, all, saturation, level);
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
                [Path.Combine(Servers.Home, "samples/Calculator/bin/Release/net10.0/JustRunIt.Calculator.dll"), "--listen", "{listen}"],
                new Dictionary<string, string>(),
                Servers.Home,
                address,
                null,
                "/health");
            Launcher.Start(program, address, null, groups.EntryFiles(group), null, Path.Combine(Path.GetTempPath(), $"justrunit-bench-{name}.log"));
            await HealthCheck.WaitAsync(address, "/health", () => null, CancellationToken.None);
            return IPEndPoint.Parse(address);
        }
    }

    /// <summary>A clone has a machine of its own: here it is given what the on-line side leaves of the cores (cpu.shares, or cpu.weight in version 2).</summary>
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

    private static async Task LevelAsync(Options options, Results results, IPEndPoint service, Server all, double saturation, double level)
    {
        var (direct, proxied) = (new List<OpenLoad.Outcome>(), new List<OpenLoad.Outcome>());
        var rate = saturation * level;
        // More than elsewhere: what is looked for is small beside what a quota alone lets differ from run to run.
        var rounds = options.IsQuick ? 2 : 8;
        for (var round = 0; round < rounds; round++)
        {
            await Console.Error.WriteAsync($"\r  {level:0%}: round {round + 1} of {rounds}");
            // Who is first alternates: what one leaves behind must not always meet the other.
            foreach (var isDirect in round % 2 == 0 ? new[] { true, false } : [false, true])
            {
                await using var load = new OpenLoad(isDirect ? service : all.EndPoint, $"/primes/{Page}", Connections);
                (isDirect ? direct : proxied).Add(await load.RunAsync(rate, options.Length, seed: round));
                // The clone works off what is due.
                await Task.Delay(TimeSpan.FromSeconds(1.2));
            }
        }

        var differences = direct.Zip(proxied, (a, b) => b.MeanMs - a.MeanMs).ToArray();
        var throughput = Results.Ratio([.. proxied.Select(one => one.ThroughputPerSecond)], [.. direct.Select(one => one.ThroughputPerSecond)]);
        var difference = Results.Median(differences);
        // Past saturation the queue grows for as long as it is measured, and differs from run to run by more than is asked.
        var average = differences.Average();
        var error = Math.Sqrt(differences.Sum(one => (one - average) * (one - average)) / (differences.Length - 1) / differences.Length);
        var shed = (await all.ReportAsync()).GetProperty("shed").GetInt64();
        Console.WriteLine(FormattableString.Invariant(
            $"\r  {level,6:0%}{Results.Median(direct.Select(one => one.ThroughputPerSecond)),14:0.0}{Results.Median(proxied.Select(one => one.ThroughputPerSecond)),10:0.0}{throughput,8:0.000}{Results.Median(direct.Select(one => one.MeanMs)),16:0.00}{Results.Median(proxied.Select(one => one.MeanMs)),9:0.00}{difference,15:0.00} ± {error:0.00}"));
        results.Add("cost", new JsonObject
        {
            ["level"] = level,
            ["ratePerSecond"] = rate,
            ["throughputToDirect"] = throughput,
            ["directMeanMs"] = Results.Median(direct.Select(one => one.MeanMs)),
            ["allOnMeanMs"] = Results.Median(proxied.Select(one => one.MeanMs)),
            ["differenceMs"] = difference,
            ["standardErrorMs"] = error,
            ["directP99Ms"] = Results.Median(direct.Select(one => one.P99Ms)),
            ["allOnP99Ms"] = Results.Median(proxied.Select(one => one.P99Ms)),
            ["shed"] = shed,
            ["errors"] = direct.Concat(proxied).Sum(one => one.Errors),
        });
        results.Target(FormattableString.Invariant($"everything on at {level:0%} of saturation: throughput within 1 %"), throughput, throughput is >= 0.99 and <= 1.01, FormattableString.Invariant($"{throughput:0.000} ×"));
        results.Target(
            FormattableString.Invariant($"everything on at {level:0%} of saturation: at most 0.5 ms more, mean"),
            difference,
            difference <= 0.5 || average - (2 * error) <= 0.5,
            FormattableString.Invariant($"{difference:+0.00;-0.00} ± {error:0.00} ms{(difference > 0.5 && average - (2 * error) <= 0.5 ? ", more than that but within the noise" : "")}"));
    }
}
