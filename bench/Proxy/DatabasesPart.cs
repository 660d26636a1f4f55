using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using JustRunIt.Infrastructure.Peers;

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

    /// <summary>Measures.</summary>
    public static async Task RunAsync(Options options, Results results)
    {
        await MySqlAsync(options, results);
        await PostgreSqlAsync(options, results);
    }

    private static async Task MySqlAsync(Options options, Results results)
    {
        await using var servers = new Servers();
        await using var server = await LocalMariaDb.StartAsync();
        string[] shop =
        [
            "--db-driver=mysql",
            "--mysql-host=127.0.0.1",
            "--mysql-user=shop",
            "--mysql-password=secret",
            "--mysql-db=shop",
            "--mysql-ssl=off",
            "--tables=1",
            "--table-size=10000",
        ];
        await PeerProcess.RunAsync("sysbench", ["oltp_point_select", .. shop, $"--mysql-port={server.EndPoint.Port}", "prepare"]);
        var path = server.UnixSocket.ToString();
        Contender[] contenders =
        [
            new(Direct, server.EndPoint),
            new("HAProxy", (await servers.HaProxyAsync("tcp", $"{server.EndPoint}", AskMySql)).EndPoint),
            new(Relay, (await servers.OwnAsync("mysql", server.EndPoint)).EndPoint),
            new("HAProxy", (await servers.HaProxyAsync("tcp", "unix@" + path, AskMySql)).EndPoint, IsByUnixSocket: true),
            new(Relay, (await servers.OwnAsync("mysql", "unix:" + path)).EndPoint, IsByUnixSocket: true),
        ];
        foreach (var (work, title) in new[] { ("oltp_point_select", "look-ups"), ("oltp_read_write", "transactions") })
        {
            await ComparedAsync(
                options,
                results,
                ("mysql", title, $"MariaDB, sysbench {work}"),
                contenders,
                async (at, length) => await PeerProcess.RunAsync(
                    "sysbench",
                    [
                        work,
                        .. shop,
                        $"--mysql-port={at.Port}",
                        $"--threads={Clients}",
                        $"--time={length.TotalSeconds:0}",
                        "--percentile=99",
                        "run",
                    ]),
                said => (Number(said, @"transactions:\s+\d+\s+\(([\d.]+) per sec"), Number(said, @"avg:\s+([\d.]+)")));
        }
    }

    private static async Task PostgreSqlAsync(Options options, Results results)
    {
        await using var servers = new Servers();
        await using var server = await LocalPostgreSql.StartAsync();
        var program = Directory.GetDirectories("/usr/lib/postgresql").Order().Last() + "/bin/pgbench";
        (string, string)[] password = [("PGPASSWORD", "secret")];
        // A branch a client (pgbench's scale): with fewer they wait for each other's locks, and not for the proxy.
        await PeerProcess.RunAsync(
            program,
            ["-i", "-q", "-s", $"{Clients}", "-h", "127.0.0.1", "-p", $"{server.EndPoint.Port}", "-U", "shop", "shop"],
            environment: password);
        var path = server.UnixSocket.ToString()!;
        Contender[] contenders =
        [
            new(Direct, server.EndPoint),
            new("HAProxy", (await servers.HaProxyAsync("tcp", $"{server.EndPoint}", AskPostgreSql)).EndPoint),
            new("PgBouncer", (await servers.PgBouncerAsync($"{server.EndPoint.Address}", server.EndPoint.Port, AskPostgreSql)).EndPoint),
            new(Relay, (await servers.OwnAsync("postgresql", server.EndPoint)).EndPoint),
            new("HAProxy", (await servers.HaProxyAsync("tcp", "unix@" + path, AskPostgreSql)).EndPoint, IsByUnixSocket: true),
            new(
                "PgBouncer",
                (await servers.PgBouncerAsync(Path.GetDirectoryName(path)!, server.EndPoint.Port, AskPostgreSql)).EndPoint,
                IsByUnixSocket: true),
            new(Relay, (await servers.OwnAsync("postgresql", "unix:" + path)).EndPoint, IsByUnixSocket: true),
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
                    [
                        "-c", "exec \"$0\" \"$@\" 2>&1", program, "-b", work, "-n", "-M", "prepared", "-c",
                        $"{Clients}", "-j", "1", "-P", "1", "-T", $"{(warming + length).TotalSeconds:0}", "-h",
                        "127.0.0.1", "-p", $"{at.Port}", "-U", "shop", "shop",
                    ],
                    environment: password),
                said => Last(said, options.Length));
        }
    }

    private static Func<CancellationToken, Task> AskMySql(IPEndPoint at) => cancellation => LocalMariaDb.ExecuteAsync(
        $"Server={at.Address};Port={at.Port};User ID=shop;Password=secret;Database=shop;SslMode=None;Pooling=false",
        "SELECT 1",
        cancellation);

    private static Func<CancellationToken, Task> AskPostgreSql(IPEndPoint at) => cancellation => LocalPostgreSql.ExecuteAsync(
        $"Host={at.Address};Port={at.Port};Username=shop;Password=secret;Database=shop;Pooling=false",
        "SELECT 1",
        cancellation);

    private static async Task ComparedAsync(
        Options options,
        Results results,
        (string Protocol, string Work, string Title) what,
        Contender[] contenders,
        Func<IPEndPoint, TimeSpan, Task<string>> run,
        Func<string, (double PerSecond, double MeanMs)> read)
    {
        Console.WriteLine($"\n{what.Title}, {Clients} clients");
        await run(contenders[^1].At, TimeSpan.FromSeconds(options.IsQuick ? 2 : 5));
        var rates = contenders.ToDictionary(one => one.Name, _ => new List<double>());
        var means = contenders.ToDictionary(one => one.Name, _ => new List<double>());
        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var contender in contenders)
            {
                await Console.Error.WriteAsync($"\r  round {round + 1} of {options.Rounds}: {contender.Name,-24}");
                var (rate, mean) = read(await run(contender.At, options.Length));
                rates[contender.Name].Add(rate);
                means[contender.Name].Add(mean);
            }
        }

        await Console.Error.WriteAsync("\r" + new string(' ', 60) + "\r");
        foreach (var contender in contenders)
        {
            var name = contender.Name;
            var ratio = Results.Ratio(rates[name], rates[Direct]);
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"  {name,-24}{Results.Median(rates[name]),11:0} /s{Results.Median(means[name]),9:0.000} ms mean"
                        + $"{ratio,8:0.00} × direct"));
            results.Add(
                what.Protocol,
                new JsonObject
                {
                    ["work"] = what.Work,
                    ["contender"] = name,
                    ["perSecond"] = Results.Median(rates[name]),
                    ["meanMs"] = Results.Median(means[name]),
                    ["toDirect"] = ratio,
                });
            if (contender.Kind != Relay)
                continue;
            results.Target(
                $"{what.Protocol} {name}, {what.Work}: at least {Results.Text(Least, "0.0")} × direct",
                ratio,
                ratio >= Least,
                $"{Results.Text(ratio, "0.00")} ×");
            foreach (var other in contenders.Where(
                other => other.Kind is not (Relay or Direct) && other.IsByUnixSocket == contender.IsByUnixSocket))
            {
                var toOther = Results.Ratio(rates[name], rates[other.Name]);
                results.Target(
                    $"{what.Protocol} {name}, {what.Work}: no slower than {other.Name}",
                    toOther,
                    toOther >= 1,
                    $"{Results.Text(toOther, "0.00")} ×");
            }
        }
    }

    private static double Number(string text, string pattern) => Value(Regex.Match(text, pattern), 1);

    private static double Value(Match match, int group) => double.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    /// <summary>pgbench's figures of the last seconds, by its reports of each.</summary>
    private static (double PerSecond, double MeanMs) Last(string said, TimeSpan length)
    {
        var reports = Regex.Matches(
            said, @"^progress: .*?, ([\d.]+) tps, lat ([\d.]+) ms", RegexOptions.Multiline).TakeLast((int)length.TotalSeconds).ToArray();
        return (reports.Average(report => Value(report, 1)), reports.Average(report => Value(report, 2)));
    }

    /// <summary>Who is measured.</summary>
    /// <param name="Kind">What it is.</param>
    /// <param name="At">Where clients connect.</param>
    /// <param name="IsByUnixSocket">Whether it reaches the server by its Unix socket.</param>
    private sealed record Contender(string Kind, IPEndPoint At, bool IsByUnixSocket = false)
    {
        public string Name => IsByUnixSocket ? $"{Kind}, Unix socket" : Kind;
    }
}
