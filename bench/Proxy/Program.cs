using JustRunIt.Bench.Proxy;
using JustRunIt.Client.CommandLine;

// The proxies against direct connections and the best of their kind, side by side and in turn.
return await CommandProgram.RunAsync(Options.Command(MeasureAsync), args, "bench");

static async Task MeasureAsync(Options options)
{
    // Read when the first socket is made: the load generator has no use for a thread between a socket and its reader.
    Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
    var results = new Results();
    var bars = new List<(string Name, double Small, double Large)>();
    if (options.Wants("http"))
        await HttpPart.RunAsync(options, results, bars);
    if (options.Wants("cost"))
        await CostPart.RunAsync(options, results);
    if (options.Wants("chain"))
        await ChainPart.RunAsync(options, results);
    if (options.Wants("stall"))
        await StallPart.RunAsync(options, results);
    if (options.Wants("databases"))
        await DatabasesPart.RunAsync(options, results);
    if (options.Wants("idle"))
        await IdlePart.RunAsync(options, results);
    results.PrintTargets();
    if (options.Json is not null)
        results.Save(options.Json, options.IsQuick);
    if (bars.Count > 0)
    {
        var plot = options.Plot ?? Path.Combine(Servers.Home, "artifacts", "bench-proxy.png");
        BarPlot.Save(bars, plot);
        Console.WriteLine($"\nPlot: {plot}");
    }
}
