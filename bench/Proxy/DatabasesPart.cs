using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using JustRunIt.ProxyNode.Tests.Peers;

namespace JustRunIt.Bench.Proxy;

/// <summary>
/// MySQL and PostgreSQL through the relay, beside a direct connection and other proxies, eight clients: look-ups by key, which
/// cost a server so little that a proxy's own work weighs most, and the load generators' transactions, which read and write.
/// Clients always come by TCP; proxies reach the server by TCP, or by its Unix socket as one on the same machine can.
/// </summary>
internal static class DatabasesPart
{
    private const int Clients = 8;
    private const double Least = 0.7;
    private const string Direct = "direct";
    private const string Relay = "relay";
    private const string ByUnixSocket = ", Unix socket";

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
        var path = server.UnixSocket.ToString();
        (string, IPEndPoint)[] contenders =
        [
            (Direct, server.EndPoint),
            ("HAProxy", (await servers.HaProxyAsync("tcp", $"{server.EndPoint}")).EndPoint),
            (Relay, (await servers.OwnAsync("mysql", server.EndPoint)).EndPoint),
            ("HAProxy" + ByUnixSocket, (await servers.HaProxyAsync("tcp", "unix@" + path)).EndPoint),
            (Relay + ByUnixSocket, (await servers.OwnAsync("mysql", "unix:" + path)).EndPoint),
        ];
        foreach (var (work, title) in new[] { ("oltp_point_select", "look-ups"), ("oltp_read_write", "transactions") })
        {
            await ComparedAsync(
                options,
                results,
                ("mysql", title, $"MariaDB, sysbench {work}"),
                contenders,
                async (at, length) => await PeerProcess.RunAsync("sysbench", [work, .. shop, $"--mysql-port={at.Port}", $"--threads={Clients}", $"--time={length.TotalSeconds:0}", "--percentile=99", "run"]),
                said => (Number(said, @"transactions:\s+\d+\s+\(([\d.]+) per sec"), Number(said, @"avg:\s+([\d.]+)")));
        }
    }

    private static async Task PostgreSqlAsync(Options options, Results results)
    {
        await using var servers = new Servers();
        await using var server = await PostgreSqlServer.StartAsync();
        var program = Directory.GetDirectories("/usr/lib/postgresql").Order().Last() + "/bin/pgbench";
        (string, string)[] password = [("PGPASSWORD", "secret")];
        // A branch a client (pgbench's scale): with fewer they wait for each other's locks, and not for the proxy.
        await PeerProcess.RunAsync(program, ["-i", "-q", "-s", $"{Clients}", "-h", "127.0.0.1", "-p", $"{server.EndPoint.Port}", "-U", "shop", "shop"], environment: password);
        var path = server.UnixSocket.ToString()!;
        (string, IPEndPoint)[] contenders =
        [
            (Direct, server.EndPoint),
            ("HAProxy", (await servers.HaProxyAsync("tcp", $"{server.EndPoint}")).EndPoint),
            ("PgBouncer", (await servers.PgBouncerAsync($"{server.EndPoint.Address}", server.EndPoint.Port)).EndPoint),
            (Relay, (await servers.OwnAsync("postgresql", server.EndPoint)).EndPoint),
            ("HAProxy" + ByUnixSocket, (await servers.HaProxyAsync("tcp", "unix@" + path)).EndPoint),
            ("PgBouncer" + ByUnixSocket, (await servers.PgBouncerAsync(Path.GetDirectoryName(path)!, server.EndPoint.Port)).EndPoint),
            (Relay + ByUnixSocket, (await servers.OwnAsync("postgresql", "unix:" + path)).EndPoint),
        ];
        // A session of the server grows slow at first: each maps the shared memory page by page. PgBouncer's are old ones.
        var warming = options.IsQuick ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(6);
        foreach (var (work, title) in new[] { ("select-only", "look-ups"), ("tpcb-like", "transactions") })
        {
            await ComparedAsync(
                options,
                results,
                ("postgresql", title, $"PostgreSQL, pgbench {work}, prepared"),
                contenders,
                // It reports to the error output.
                async (at, length) => await PeerProcess.RunAsync(
                    "sh",
                    ["-c", "exec \"$0\" \"$@\" 2>&1", program, "-b", work, "-n", "-M", "prepared", "-c", $"{Clients}", "-j", "1", "-P", "1", "-T", $"{(warming + length).TotalSeconds:0}", "-h", "127.0.0.1", "-p", $"{at.Port}", "-U", "shop", "shop"],
                    environment: password),
                said => Last(said, options.Length));
        }
    }

    private static async Task ComparedAsync(
        Options options,
        Results results,
        (string Protocol, string Work, string Title) what,
        (string Name, IPEndPoint At)[] contenders,
        Func<IPEndPoint, TimeSpan, Task<string>> run,
        Func<string, (double PerSecond, double MeanMs)> read)
    {
        Console.WriteLine($"\n{what.Title}, {Clients} clients");
        await run(contenders[^1].At, TimeSpan.FromSeconds(options.IsQuick ? 2 : 5));
        var rates = contenders.ToDictionary(one => one.Name, _ => new List<double>());
        var means = contenders.ToDictionary(one => one.Name, _ => new List<double>());
        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var (name, at) in contenders)
            {
                await Console.Error.WriteAsync($"\r  round {round + 1} of {options.Rounds}: {name,-24}");
                var (rate, mean) = read(await run(at, options.Length));
                rates[name].Add(rate);
                means[name].Add(mean);
            }
        }

        await Console.Error.WriteAsync("\r" + new string(' ', 60) + "\r");
        foreach (var (name, _) in contenders)
        {
            var ratio = Results.Ratio(rates[name], rates[Direct]);
            Console.WriteLine(FormattableString.Invariant($"  {name,-24}{Results.Median(rates[name]),11:0} /s{Results.Median(means[name]),9:0.000} ms mean{ratio,8:0.00} × direct"));
            results.Add(what.Protocol, new JsonObject { ["work"] = what.Work, ["contender"] = name, ["perSecond"] = Results.Median(rates[name]), ["meanMs"] = Results.Median(means[name]), ["toDirect"] = ratio });
            if (!name.StartsWith(Relay, StringComparison.Ordinal))
                continue;
            results.Target($"{what.Protocol} {name}, {what.Work}: at least {Results.Text(Least, "0.0")} × direct", ratio, ratio >= Least, $"{Results.Text(ratio, "0.00")} ×");
            var isByUnixSocket = name.EndsWith(ByUnixSocket, StringComparison.Ordinal);
            foreach (var (other, _) in contenders.Where(other => other.Name != name && other.Name != Direct && other.Name.EndsWith(ByUnixSocket, StringComparison.Ordinal) == isByUnixSocket))
            {
                var toOther = Results.Ratio(rates[name], rates[other]);
                results.Target($"{what.Protocol} {name}, {what.Work}: no slower than {other}", toOther, toOther >= 1, $"{Results.Text(toOther, "0.00")} ×");
            }
        }
    }

    private static double Number(string text, string pattern) => double.Parse(Regex.Match(text, pattern).Groups[1].Value, CultureInfo.InvariantCulture);

    /// <summary>pgbench's figures of the last seconds, by its reports of each.</summary>
    private static (double PerSecond, double MeanMs) Last(string said, TimeSpan length)
    {
        var reports = Regex.Matches(said, @"^progress: .*?, ([\d.]+) tps, lat ([\d.]+) ms", RegexOptions.Multiline).TakeLast((int)length.TotalSeconds).ToArray();
        return (reports.Average(report => Value(report, 1)), reports.Average(report => Value(report, 2)));

        static double Value(Match report, int group) => double.Parse(report.Groups[group].Value, CultureInfo.InvariantCulture);
    }
}
