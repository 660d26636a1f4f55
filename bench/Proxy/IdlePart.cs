using System.Globalization;
using System.Text.Json.Nodes;

namespace JustRunIt.Bench.Proxy;

/// <summary>Thousands of clients that idle, and a thousand slow ones: what those notice that ask, and what is returned.</summary>
internal static class IdlePart
{
    private const int Busy = 32;
    private const double MostKibibytes = 8;

    /// <summary>Descriptors that may be open besides afterwards: connections to the server that are kept for the next client.</summary>
    private const int Spare = Busy + 16;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Measures.</summary>
    public static async Task RunAsync(Options options, Results results)
    {
        var (idle, slow) = options.IsQuick ? (1000, 100) : (10_000, 1000);
        await using var servers = new Servers();
        var origin = await servers.OriginAsync();
        var contenders = new Dictionary<string, Server>
        {
            ["nginx proxy_pass"] = await servers.NginxProxyAsync(origin.EndPoint, connections: 16_384),
            ["relay"] = await servers.OwnAsync("http", origin.EndPoint, "--head-timeout", "10min"),
        };
        Console.WriteLine($"\n{idle} clients that idle, {slow} that send a byte a second, {Busy} that ask as fast as they can (128 bytes)");
        var rounds = contenders.Keys.ToDictionary(name => name, _ => new List<Round>());
        foreach (var server in contenders.Values)
        {
            for (var i = 0; i < 3; i++)
                await Wrk.RunAsync(server.EndPoint, "/128", Busy, TimeSpan.FromSeconds(2));
            // What a first thousand connections cost is not theirs alone: code is compiled, pools are filled.
            new IdleClients(server.EndPoint, 500, 0).Dispose();
        }

        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var (name, server) in contenders)
            {
                await Console.Error.WriteAsync($"\r  round {round + 1} of {options.Rounds}: {name,-20}");
                rounds[name].Add(await MeasureAsync(server, idle, slow, options.Length));
            }
        }

        await Console.Error.WriteAsync("\r" + new string(' ', 60) + "\r");
        Print(rounds, results);
        Targets(rounds, results);
    }

    private static async Task<Round> MeasureAsync(Server server, int idle, int slow, TimeSpan length)
    {
        await Task.Delay(TimeSpan.FromSeconds(1));
        var (memory, descriptors) = (server.ResidentBytes(), server.Descriptors());
        var alone = await Wrk.RunAsync(server.EndPoint, "/128", Busy, length);
        var memoryAlone = server.ResidentBytes();
        OpenLoad.Outcome beside;
        long memoryDuring;
        int descriptorsDuring;
        int ended;
        using (var clients = new IdleClients(server.EndPoint, idle, slow))
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
            (memoryDuring, descriptorsDuring) = (server.ResidentBytes(), server.Descriptors());
            beside = await Wrk.RunAsync(server.EndPoint, "/128", Busy, length);
            ended = clients.CountEnded();
        }

        for (var waited = TimeSpan.Zero; server.Descriptors() > descriptors + Spare && waited < Patience; waited += Look)
            await Task.Delay(Look);
        return new Round(
            alone,
            beside,
            new Held(memory, descriptors),
            new Held(memoryDuring, descriptorsDuring),
            new Held(server.ResidentBytes(), server.Descriptors()),
            (memoryDuring - memoryAlone) / 1024.0 / (idle + slow),
            ended);
    }

    private static void Print(Dictionary<string, List<Round>> all, Results results)
    {
        Console.WriteLine(
            $"  {"",-18}{"requests/s",22}{"99th ms",18}{"memory, MiB",26}{"KiB each",10}{"descriptors",24}{"ended",7}\n"
                + $"  {"",-18}{"alone",11}{"beside",11}{"alone",9}{"beside",9}{"before",8}{"during",9}{"after",9}{"",10}{"before",8}"
                + $"{"during",8}{"after",8}");
        foreach (var (name, rounds) in all)
        {
            double Of(Func<Round, double> value) => Results.Median(rounds.Select(value));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {name,-18}{Of(r => r.Alone.ThroughputPerSecond),11:0}{Of(r => r.Beside.ThroughputPerSecond),11:0}"
                    + $"{Of(r => r.Alone.P99Ms),9:0.00}{Of(r => r.Beside.P99Ms),9:0.00}{Of(r => r.Before.Mebibytes),8:0.0}"
                    + $"{Of(r => r.During.Mebibytes),9:0.0}{Of(r => r.After.Mebibytes),9:0.0}{rounds.Max(r => r.KibibytesEach),10:0.00}"
                    + $"{Of(r => r.Before.Descriptors),8:0}{Of(r => r.During.Descriptors),8:0}{Of(r => r.After.Descriptors),8:0}"
                    + $"{rounds.Sum(r => r.Ended),7}"));
            results.Add("idle", new JsonObject
            {
                ["contender"] = name,
                ["throughputAlonePerSecond"] = Of(r => r.Alone.ThroughputPerSecond),
                ["throughputBesidePerSecond"] = Of(r => r.Beside.ThroughputPerSecond),
                ["p99AloneMs"] = Of(r => r.Alone.P99Ms),
                ["p99BesideMs"] = Of(r => r.Beside.P99Ms),
                ["errors"] = rounds.Sum(r => r.Alone.Errors + r.Beside.Errors),
                ["bytesBefore"] = Of(r => r.Before.Bytes),
                ["bytesDuring"] = Of(r => r.During.Bytes),
                ["bytesAfter"] = Of(r => r.After.Bytes),
                // Of the round that needed most: the next ones use its memory again.
                ["kibibytesEach"] = rounds.Max(r => r.KibibytesEach),
                ["descriptorsBefore"] = Of(r => r.Before.Descriptors),
                ["descriptorsDuring"] = Of(r => r.During.Descriptors),
                ["descriptorsAfter"] = Of(r => r.After.Descriptors),
                ["ended"] = rounds.Sum(r => r.Ended),
            });
        }
    }

    private static void Targets(Dictionary<string, List<Round>> all, Results results)
    {
        var (ours, theirs) = (all["relay"], all["nginx proxy_pass"]);
        // What is more than alone is chance.
        var kept = Kept(ours) / Math.Min(1, Kept(theirs));
        results.Target(
            "idle clients: those that ask keep as much of their throughput as through proxy_pass",
            kept,
            kept >= 0.9,
            $"{Results.Text(Kept(ours), "0.00")} × alone, proxy_pass {Results.Text(Kept(theirs), "0.00")} ×");
        var each = ours.Max(round => round.KibibytesEach);
        results.Target("idle clients: at most 8 KiB each", each, each <= MostKibibytes, $"{Results.Text(each, "0.00")} KiB");
        var left = ours.Max(round => round.After.Descriptors - round.Before.Descriptors);
        results.Target("idle clients: every descriptor is returned", left, left <= Spare, $"{left} more than before");
        var ended = ours.Sum(round => round.Ended) + ours.Sum(round => round.Beside.Errors);
        results.Target("idle clients: none is ended, and none that asks fails", ended, ended == 0, $"{ended}");
    }

    private static double Kept(List<Round> rounds) =>
        Results.Median(rounds.Select(round => round.Beside.ThroughputPerSecond / round.Alone.ThroughputPerSecond));

    /// <summary>What a server holds.</summary>
    private readonly record struct Held(long Bytes, int Descriptors)
    {
        public double Mebibytes => Bytes / 1048576.0;
    }

    /// <summary>One contender, once: alone with those that ask, and beside those that do not.</summary>
    private sealed record Round(
        OpenLoad.Outcome Alone, OpenLoad.Outcome Beside, Held Before, Held During, Held After, double KibibytesEach, int Ended);
}
