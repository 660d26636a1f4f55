using System.Text.Json.Nodes;

namespace JustRunIt.Bench.Proxy;

/// <summary>A clone that stalls: what the clients of the original notice.</summary>
internal static class StallPart
{
    private const double RequestsPerSecond = 4000;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);

    /// <summary>Measures.</summary>
    public static async Task RunAsync(Options options, Results results)
    {
        await using var servers = new Servers();
        var origin = await servers.OriginAsync();
        var clone = await servers.OriginAsync(yields: true);
        var proxy = await servers.OwnAsync(
            "http", origin.EndPoint, "--sandbox", $"{clone.EndPoint}", "--time-shift", "500ms", "--memory", "256");
        await Wrk.RunAsync(proxy.EndPoint, "/128", 32, TimeSpan.FromSeconds(4));
        await Task.Delay(TimeSpan.FromSeconds(1));
        await using var load = new OpenLoad(proxy.EndPoint, "/128", 32);
        var count = options.IsQuick ? 3 : 12;
        Console.WriteLine(
            $"\nA clone that stalls for 10 s, at {RequestsPerSecond:0} requests/s: on-line 99th percentile in windows of "
                + $"{Window.TotalSeconds:0} s");
        var before = await WindowsAsync(count);
        clone.Signal("STOP");
        var during = await WindowsAsync(2);
        clone.Signal("CONT");
        var after = await WindowsAsync(options.IsQuick ? 1 : 4);
        Console.WriteLine($"  before  {Text(before)}\n  during  {Text(during)}\n  after   {Text(after)}");
        results.Add("stall", new JsonObject
        {
            ["requestsPerSecond"] = RequestsPerSecond,
            ["windowSeconds"] = Window.TotalSeconds,
            ["beforeP99Ms"] = Array(before),
            ["duringP99Ms"] = Array(during),
            ["afterP99Ms"] = Array(after),
        });
        var ratio = Results.Median(during.Select(one => one.P99Ms)) / Results.Median(before.Select(one => one.P99Ms));
        var isWithin = during.Max(one => one.P99Ms) <= before.Max(one => one.P99Ms) && during.Sum(one => one.Errors) == 0;
        results.Target(
            "clone that stalls ten seconds: on-line 99th percentile within the noise of before",
            ratio,
            isWithin,
            $"{Results.Text(ratio, "0.00")} × the median window before; no window worse than the worst before");

        async Task<List<OpenLoad.Outcome>> WindowsAsync(int windows)
        {
            var all = new List<OpenLoad.Outcome>();
            for (var i = 0; i < windows; i++)
                all.Add(await load.RunAsync(RequestsPerSecond, Window));
            return all;
        }
    }

    private static string Text(IEnumerable<OpenLoad.Outcome> windows) => string.Join(
        "  ", windows.Select(one => Results.Text(one.P99Ms, "0.00")));

    private static JsonArray Array(IEnumerable<OpenLoad.Outcome> windows) => new([.. windows.Select(one => (JsonNode)one.P99Ms)]);
}
