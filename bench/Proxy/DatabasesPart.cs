using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using JustRunIt.ProxyNode.Tests.Peers;

namespace JustRunIt.Bench.Proxy;

/// <summary>
/// MySQL and PostgreSQL through the relay, beside a direct connection and other proxies, eight clients: look-ups by key, which
/// cost a server so little that a proxy's own work weighs most, and the load generators' transactions, which read and write.
/// </summary>
internal static class DatabasesPart
{
    private const int Clients = 8;
    private const double Least = 0.7;

    /// <summary>Measures.</summary>
    public static async Task RunAsync(Options options, Results results)
    {
        await MySqlAsync(options, results);
        await PostgreSqlAsync(options, results);
    }

    private static async Task MySqlAsync(Options options, Results results)
    {
        await using var servers = new Servers();
        await using var server = await MariaDbServer.StartAsync();
        string[] shop = ["--db-driver=mysql", "--mysql-host=127.0.0.1", "--mysql-user=shop", "--mysql-password=secret", "--mysql-db=shop", "--mysql-ssl=off", "--tables=1", "--table-size=10000"];
        await PeerProcess.RunAsync("sysbench", ["oltp_point_select", .. shop, $"--mysql-port={server.EndPoint.Port}", "prepare"]);
        (string, IPEndPoint)[] contenders =
            [("direct", server.EndPoint), ("HAProxy TCP", (await servers.HaProxyAsync("tcp", server.EndPoint)).EndPoint), ("relay", (await servers.OwnAsync("mysql", server.EndPoint)).EndPoint)];
        foreach (var (work, title) in new[] { ("oltp_point_select", "look-ups"), ("oltp_read_write", "transactions") })
        {
            await ComparedAsync(
                options,
                results,
                ("mysql", title, $"MariaDB, sysbench {work}"),
                contenders,
                async (at, length) => await PeerProcess.RunAsync("sysbench", [work, .. shop, $"--mysql-port={at.Port}", $"--threads={Clients}", $"--time={length.TotalSeconds:0}", "--percentile=99", "run"]),
                @"transactions:\s+\d+\s+\(([\d.]+) per sec",
                @"avg:\s+([\d.]+)");
        }
    }

    private static async Task PostgreSqlAsync(Options options, Results results)
    {
        await using var servers = new Servers();
        await using var server = await PostgreSqlServer.StartAsync();
        var program = Directory.GetDirectories("/usr/lib/postgresql").Order().Last() + "/bin/pgbench";
        (string, string)[] password = [("PGPASSWORD", "secret")];
        await PeerProcess.RunAsync(program, ["-i", "-q", "-h", "127.0.0.1", "-p", $"{server.EndPoint.Port}", "-U", "shop", "shop"], environment: password);
        (string, IPEndPoint)[] contenders =
        [
            ("direct", server.EndPoint),
            ("HAProxy TCP", (await servers.HaProxyAsync("tcp", server.EndPoint)).EndPoint),
            ("PgBouncer", (await servers.PgBouncerAsync(server.EndPoint)).EndPoint),
            ("relay", (await servers.OwnAsync("postgresql", server.EndPoint)).EndPoint),
        ];
        foreach (var (work, title) in new[] { ("select-only", "look-ups"), ("tpcb-like", "transactions") })
        {
            await ComparedAsync(
                options,
                results,
                ("postgresql", title, $"PostgreSQL, pgbench {work}, prepared"),
                contenders,
                async (at, length) => await PeerProcess.RunAsync(
                    program,
                    ["-b", work, "-n", "-M", "prepared", "-c", $"{Clients}", "-j", "1", "-T", $"{length.TotalSeconds:0}", "-h", "127.0.0.1", "-p", $"{at.Port}", "-U", "shop", "shop"],
                    environment: password),
                @"tps = ([\d.]+)",
                @"latency average = ([\d.]+)");
        }
    }

    private static async Task ComparedAsync(
        Options options,
        Results results,
        (string Protocol, string Work, string Title) what,
        (string Name, IPEndPoint At)[] contenders,
        Func<IPEndPoint, TimeSpan, Task<string>> run,
        string rate,
        string mean)
    {
        Console.WriteLine($"\n{what.Title}, {Clients} clients");
        await run(contenders[^1].At, TimeSpan.FromSeconds(options.IsQuick ? 2 : 5));
        var rates = contenders.ToDictionary(one => one.Name, _ => new List<double>());
        var means = contenders.ToDictionary(one => one.Name, _ => new List<double>());
        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var (name, at) in contenders)
            {
                await Console.Error.WriteAsync($"\r  round {round + 1} of {options.Rounds}: {name,-20}");
                var said = await run(at, options.Length);
                rates[name].Add(double.Parse(Regex.Match(said, rate).Groups[1].Value, CultureInfo.InvariantCulture));
                means[name].Add(double.Parse(Regex.Match(said, mean).Groups[1].Value, CultureInfo.InvariantCulture));
            }
        }

        await Console.Error.WriteAsync("\r" + new string(' ', 60) + "\r");
        foreach (var (name, _) in contenders)
        {
            var ratio = Results.Ratio(rates[name], rates["direct"]);
            Console.WriteLine(FormattableString.Invariant($"  {name,-18}{Results.Median(rates[name]),11:0} /s{Results.Median(means[name]),9:0.000} ms mean{ratio,8:0.00} × direct"));
            results.Add(what.Protocol, new JsonObject { ["work"] = what.Work, ["contender"] = name, ["perSecond"] = Results.Median(rates[name]), ["meanMs"] = Results.Median(means[name]), ["toDirect"] = ratio });
            if (name != "relay")
                continue;
            results.Target($"{what.Protocol} relay, {what.Work}: at least {Results.Text(Least, "0.0")} × direct", ratio, ratio >= Least, $"{Results.Text(ratio, "0.00")} ×");
            var others = contenders.Where(other => other.Name is not ("direct" or "relay")).ToArray();
            var best = others.MaxBy(other => Results.Median(rates[other.Name])).Name;
            var toBest = Results.Ratio(rates["relay"], rates[best]);
            results.Target($"{what.Protocol} relay, {what.Work}: no slower than the best other proxy", toBest, toBest >= 1, $"{Results.Text(toBest, "0.00")} × {best}");
        }
    }
}
