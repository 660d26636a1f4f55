using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using JustRunIt.Bench.QuotaPeriod;
using JustRunIt.Client.CommandLine;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;
using JustRunIt.Hosting;

// A capped server should answer like a server with a slower CPU. The reference is just that: the same server without a cap,
// whose pages cost 1/share times as much. Each period is measured beside it, with the same arrivals, in turn.
const double share = 0.4;
const double utilization = 0.6;
var length = TimeSpan.FromSeconds(20);
var json = CheckedOption.OutputFile("--json", "write every figure to this file");
var command = new ExampleCommand(
    "quota-period", "how the period of the CPU quota distorts response times", "./justrunit bench quota-period --json figures.json")
{
    json,
};
command.SetAction(async (parsed, cancellation) =>
{
    OutputFiles.Prepare(parsed.GetValue(json));
    await MeasureAsync(parsed.GetValue(json)).WaitAsync(cancellation);
    return 0;
});
return await CommandProgram.RunAsync(command, args, "bench");

async Task MeasureAsync(string? file)
{
    var home = Environment.GetEnvironmentVariable("JUSTRUNIT_HOME") ?? Directory.GetCurrentDirectory();
    var settings = new AgentSettings(
        "bench", "bench", Path.GetTempPath(), 1, true, TimeSpan.FromMilliseconds(10), Isolation.None, false, []);
    var groups = ControlGroupDetection.Detect(settings);
    var group = GroupPath.Of("quota");
    var address = $"127.0.0.1:{FreePort.Find()}";
    var program = new VmProgram(
        "dotnet",
        [Path.Combine(home, "tests/Subjects/Calculator/bin/Release/net10.0/JustRunIt.Calculator.dll"), "--listen", "{listen}"],
        new Dictionary<string, string>(),
        home,
        address,
        null,
        "/health");
    groups.Create(group);
    groups.SetCpu(group, new CpuShare(2), TimeSpan.FromMilliseconds(100));
    var log = Path.Combine(Path.GetTempPath(), "justrunit-quota-period.log");
    var process = Launcher.Start(program, address, null, groups.EntryFiles(group), null, log);
    try
    {
        await HealthCheck.WaitAsync(address, "/health", () => null, CancellationToken.None);
        var cost = await CostAsync();
        var slower = await FindPageAsync(cost / share);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"a page costs {cost:0.0} ms of CPU; cap {share:0%} of a core; {utilization:0%} utilization; {groups.Description}"));
        Console.WriteLine(
            $"{"",-26}{"median",8}{"90th",8}{"99th",8}{"mean",8}   distance from the slower CPU (mean of the three ratios' logarithms)");
        var rate = utilization * share * 1000 / cost;
        var rows = new JsonArray();
        foreach (var milliseconds in new[] { 100, 20, 10, 5 })
        {
            groups.SetCpu(group, new CpuShare(2), TimeSpan.FromMilliseconds(100));
            var reference = await OpenLoad.RunAsync(address, $"/primes/{slower}", rate, length);
            groups.SetCpu(group, new CpuShare(share), TimeSpan.FromMilliseconds(milliseconds));
            var capped = await OpenLoad.RunAsync(address, $"/primes/{Page}", rate, length);
            var distance = new[] { 50, 90, 99 }.Average(
                percentile => Math.Abs(Math.Log(At(capped, percentile) / At(reference, percentile))));
            Print("slower CPU", reference, "");
            Print($"period {milliseconds} ms", capped, $"   {distance.ToString("0.00", CultureInfo.InvariantCulture)}");
            rows.Add(new JsonObject
            {
                ["periodMs"] = milliseconds,
                ["capped"] = Figures(capped),
                ["slowerCpu"] = Figures(reference),
                ["distance"] = distance,
            });
        }

        if (file is not null)
            await File.WriteAllTextAsync(
                file,
                new JsonObject
                {
                    ["share"] = share,
                    ["utilization"] = utilization,
                    ["periods"] = rows,
                }.ToJsonString(new() { WriteIndented = true }));
    }
    finally
    {
        ProcessTable.End(groups.Processes(group));
        groups.Remove(group);
        groups.Remove(GroupPath.Root);
    }

    async Task<double> CostAsync(int page = Page)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://{address}") };
        for (var i = 0; i < 60; i++)
            await http.GetStringAsync($"/primes/{page}");
        var before = groups.CpuTime(group);
        const int count = 100;
        for (var i = 0; i < count; i++)
            await http.GetStringAsync($"/primes/{page}");
        return (groups.CpuTime(group) - before).TotalMilliseconds / count;
    }

    // The page that costs so much: by bisection over its parameter.
    async Task<int> FindPageAsync(double milliseconds)
    {
        var (low, high) = (Page, Page * 5);
        for (var i = 0; i < 8; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = await CostAsync(middle) < milliseconds ? (middle, high) : (low, middle);
        }

        return (low + high) / 2;
    }

    static double At(double[] sorted, int percentile) => sorted[Math.Max(0, (int)Math.Ceiling(sorted.Length * percentile / 100.0) - 1)];

    static JsonObject Figures(double[] sorted) => new()
    {
        ["medianMs"] = At(sorted, 50),
        ["p90Ms"] = At(sorted, 90),
        ["p99Ms"] = At(sorted, 99),
        ["meanMs"] = sorted.Average(),
        ["requests"] = sorted.Length,
    };

    static void Print(string what, double[] sorted, string end) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{what,-26}{At(sorted, 50),8:0.0}{At(sorted, 90),8:0.0}{At(sorted, 99),8:0.0}{sorted.Average(),8:0.0}{end}"));
}

internal sealed partial class Program
{
    private const int Page = 120_000;
}
