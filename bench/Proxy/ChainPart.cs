using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using JustRunIt.Infrastructure.Peers;

namespace JustRunIt.Bench.Proxy;

/// <summary>
/// What a chain of Apache, Tomcat and MariaDB pays for everything on: an AJP in-proxy that duplicates to a clone and compares its pages, a
/// MySQL out-proxy that records and answers the clone, both with regular-expression rules, beside the same proxies as relays only and
/// the chain without any. The clone has the machine's other share of the same cores: its work is in the response times, not in the
/// proxies' CPU time.
/// </summary>
internal static class ChainPart
{
    private const int Connections = 8;
    private const double PagesPerSecond = 60;
    private const int StatementsPerPage = 10;
    private const string Driver = "/usr/share/java/mariadb-java-client.jar";

    /// <summary>Half of what was measured before rules were matched and pages compared without copies, relative to a relay.</summary>
    private const double MostInProxy = 0.78 / 0.14 / 2;
    private const double MostOutProxy = 0.17 / 0.05 / 2;
    private const double MostMs = 0.5;

    private const string Rules = """
        wildcards:
          sql:
            - "'[0-9a-f]{32}'"
            - "'20[0-9]{2}-[0-9]{1,2}-[0-9]{1,2} [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}'"
        replies:
          - "[0-9a-f]{32}"
          - "20[0-9]{2}-[0-9]{1,2}-[0-9]{1,2} [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}"
        """;

    /// <summary>A page of about 12 KiB for which the database is asked ten times: a session, a change, look-ups, a list.</summary>
    private const string Page = """
        <%@ page contentType="text/html;charset=UTF-8" session="false"
            import="java.sql.*,org.apache.tomcat.dbcp.dbcp2.BasicDataSource" %><%!
        private static final BasicDataSource pool = new BasicDataSource();
        static {
            pool.setDriverClassName("org.mariadb.jdbc.Driver");
            pool.setUrl("jdbc:mariadb://127.0.0.1:" + System.getProperty("database") + "/shop?useServerPrepStmts=true");
            pool.setUsername("shop");
            pool.setPassword("secret");
            pool.setMaxTotal(8);
            pool.setInitialSize(8);
        }
        %><%
        String token = java.util.UUID.randomUUID().toString().replace("-", "");
        String now = new java.text.SimpleDateFormat("yyyy-MM-dd H:m:s").format(new java.util.Date());
        String who = request.getParameter("n");
        int n = who == null ? 1 : Integer.parseInt(who);
        %><html><head><title>Shop</title></head><body><p>Session <%= token %>, <%= now %></p><table>
        <% try (Connection c = pool.getConnection(); Statement s = c.createStatement()) {
            s.executeUpdate("INSERT INTO visits (token, seen) VALUES ('" + token + "', '" + now + "')");
            s.executeUpdate("UPDATE items SET asked = asked + 1, at = '" + now + "' WHERE id = " + n);
            for (int i = 0; i < 3; i++) try (ResultSet r = s.executeQuery("SELECT name, text FROM items WHERE id = " + (n + i))) {
                while (r.next()) { %><tr><td><%= r.getString(1) %></td><td><%= r.getString(2) %></td></tr>
        <% } } try (PreparedStatement p = c.prepareStatement("SELECT name, text FROM items WHERE id = ?")) {
            for (int i = 3; i < 7; i++) { p.setInt(1, n + i); try (ResultSet r = p.executeQuery()) {
                while (r.next()) { %><tr><td><%= r.getString(1) %></td><td><%= r.getString(2) %></td></tr>
        <% } } } } try (ResultSet r = s.executeQuery("SELECT id, name, text FROM items ORDER BY id LIMIT 80")) {
            while (r.next()) { %><tr><td><%= r.getInt(1) %></td><td><%= r.getString(2) %></td><td><%= r.getString(3) %></td></tr>
        <% } } } %></table></body></html>
        """;

    /// <summary>Measures.</summary>
    public static async Task RunAsync(Options options, Results results)
    {
        await using var servers = new Servers();
        await using var database = await LocalMariaDb.StartAsync();
        await FillAsync(database);
        var rules = servers.WriteFile("chain-rules.yaml", Rules);
        var sandbox = $"127.0.0.1:{Servers.Port()}";
        var relayedData = await servers.OwnAsync("mysql", database.EndPoint);
        var recordedData = await servers.OwnAsync(
            "mysql", database.EndPoint, "--role", "out", "--sandbox", sandbox, "--time-shift", "1s", "--rules", rules);
        await using var tomcat = await TomcatAsync(database.EndPoint.Port);
        await using var tomcatBehindRelay = await TomcatAsync(relayedData.EndPoint.Port);
        await using var original = await TomcatAsync(recordedData.EndPoint.Port);
        await using var clone = await TomcatAsync(IPEndPoint.Parse(sandbox).Port);
        var relay = await servers.OwnAsync("ajp13", tomcatBehindRelay.Ajp);
        var all = await servers.OwnAsync(
            "ajp13",
            original.Ajp,
            "--sandbox", $"{clone.Ajp}", "--time-shift", "1s", "--rules", rules, "--peer", $"127.0.0.1:{recordedData.Admin}");
        await using var apache = await ApacheWithModJk.StartAsync(tomcat.Ajp);
        await using var apacheOfRelay = await ApacheWithModJk.StartAsync(relay.EndPoint);
        await using var apacheOfAll = await ApacheWithModJk.StartAsync(all.EndPoint);
        Contender[] contenders =
        [
            new("without proxies", At(apache), null, null),
            new("relays only", At(apacheOfRelay), relay, relayedData),
            new("everything on", At(apacheOfAll), all, recordedData),
        ];
        Console.WriteLine(
            $"\nApache, Tomcat and MariaDB at {PagesPerSecond:0} pages/s with {StatementsPerPage} statements each, rules of regular "
                + "expressions: CPU time of the proxies");
        foreach (var contender in contenders)
            await contender.RunAsync(TimeSpan.FromSeconds(options.IsQuick ? 4 : 30), seed: 1);
        await all.ResetAsync();
        await recordedData.ResetAsync();
        foreach (var contender in contenders)
            contender.Forget();
        var rounds = options.IsQuick ? 2 : 6;
        for (var round = 0; round < rounds; round++)
        {
            await Console.Error.WriteAsync($"\r  round {round + 1} of {rounds}");
            // Who is first alternates: what one leaves behind must not always meet the other.
            foreach (var contender in round % 2 == 0 ? contenders : contenders.Reverse())
                await contender.RunAsync(2 * options.Length, seed: round);
        }

        await Console.Error.WriteAsync("\r" + new string(' ', 30) + "\r");
        Print(results, contenders, await all.ReportAsync(), await recordedData.ReportAsync());
    }

    private static void Print(Results results, Contender[] contenders, JsonElement inProxy, JsonElement outProxy)
    {
        var (direct, relay, all) = (contenders[0], contenders[1], contenders[2]);
        Console.WriteLine($"  {"",-18}{"mean, ms",10}{"99th",9}{"in-proxy, ms/page",20}{"out-proxy, ms/statement",26}");
        foreach (var one in contenders)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {one.Name,-18}{one.Times.MeanMs,10:0.00}{one.Times.P99Ms,9:0.00}{one.InProxyMs,20:0.000}{one.OutProxyMs,26:0.0000}"));
            results.Add("chain", new JsonObject
            {
                ["contender"] = one.Name,
                ["pagesPerSecond"] = PagesPerSecond,
                ["meanMs"] = one.Times.MeanMs,
                ["p99Ms"] = one.Times.P99Ms,
                ["errors"] = one.Times.Errors,
                ["inProxyCpuMsPerPage"] = one.InProxy is null ? null : one.InProxyMs,
                ["outProxyCpuMsPerStatement"] = one.OutProxy is null ? null : one.OutProxyMs,
            });
        }

        var matches = outProxy.GetProperty("matches");
        var (exact, wildcard, nearest, missing) = (Count("exact"), Count("wildcard"), Count("nearest"), Count("missing"));
        var differences = inProxy.GetProperty("differences");
        var compared = differences.GetProperty("compared").GetInt64();
        var differing = ((string[])["status", "length", "content"]).Sum(what => differences.GetProperty(what).GetInt64());
        Console.WriteLine(
            $"  the clone: {exact} statements found exactly, {wildcard} by wildcards, {nearest} nearest, {missing} missing; {differing} of "
                + $"{compared} pages differ; shed {inProxy.GetProperty("shed").GetInt64()}");
        results.Add("chain", new JsonObject
        {
            ["contender"] = "clone",
            ["exact"] = exact,
            ["wildcard"] = wildcard,
            ["nearest"] = nearest,
            ["missing"] = missing,
            ["compared"] = compared,
            ["differing"] = differing,
        });
        var (inRatio, outRatio) = (all.InProxyMs / relay.InProxyMs, all.OutProxyMs / relay.OutProxyMs);
        results.Target(
            FormattableString.Invariant($"AJP in-proxy, everything on: at most {MostInProxy:0.0} × the CPU of a relay"),
            inRatio,
            inRatio <= MostInProxy,
            FormattableString.Invariant($"{inRatio:0.00} × ({all.InProxyMs:0.000} against {relay.InProxyMs:0.000} ms a page)"));
        results.Target(
            FormattableString.Invariant($"MySQL out-proxy, everything on: at most {MostOutProxy:0.0} × the CPU of a relay"),
            outRatio,
            outRatio <= MostOutProxy,
            FormattableString.Invariant($"{outRatio:0.00} × ({all.OutProxyMs:0.0000} against {relay.OutProxyMs:0.0000} ms a statement)"));
        var (toRelay, toDirect) = (all.Times.To(relay.Times), all.Times.To(direct.Times));
        results.Target(
            FormattableString.Invariant($"chain, everything on: at most {MostMs:0.0} ms more than relays only, mean"),
            toRelay.MedianMs,
            !toRelay.IsMoreThan(MostMs),
            $"{toRelay} ms; {toDirect} ms to the chain without proxies");
        results.Target(
            "chain: the clone finds what it asks for, and its pages are equal",
            nearest + missing + differing,
            nearest + missing + differing == 0 && compared > 0,
            $"{nearest} nearest, {missing} missing, {differing} of {compared} pages differ");

        long Count(string kind) => matches.GetProperty(kind).GetInt64();
    }

    private static IPEndPoint At(ApacheWithModJk apache) => new(IPAddress.Loopback, apache.Address.Port);

    private static Task<LocalTomcat> TomcatAsync(int database) => LocalTomcat.StartAsync(
        folder =>
        {
            var libraries = Directory.CreateDirectory(Path.Combine(folder.FullName, "webapps/ROOT/WEB-INF/lib"));
            File.Copy(Driver, Path.Combine(libraries.FullName, "driver.jar"));
            File.WriteAllText(Path.Combine(folder.FullName, "webapps/ROOT/page.jsp"), Page);
        },
        $"-Ddatabase={database}");

    private static Task FillAsync(LocalMariaDb database)
    {
        var items = string.Join(", ", Enumerable.Range(1, 100).Select(i => $"({i}, 'item {i}', REPEAT('about item {i} ', 6), 0)"));
        return LocalMariaDb.ExecuteAsync(
            $"Server={database.EndPoint.Address};Port={database.EndPoint.Port};User ID=shop;Password=secret;Database=shop;SslMode=None",
            "CREATE TABLE visits (id INT AUTO_INCREMENT PRIMARY KEY, token CHAR(32), seen DATETIME); "
                + "CREATE TABLE items (id INT PRIMARY KEY, name VARCHAR(50), text TEXT, asked INT, at DATETIME NULL); "
                + $"INSERT INTO items (id, name, text, asked) VALUES {items}",
            CancellationToken.None);
    }

    /// <summary>Who is measured, and what was.</summary>
    /// <param name="Name">What it is called.</param>
    /// <param name="At">Where clients connect.</param>
    /// <param name="InProxy">Between Apache and Tomcat.</param>
    /// <param name="OutProxy">Between Tomcat and MariaDB.</param>
    private sealed record Contender(string Name, IPEndPoint At, Server? InProxy, Server? OutProxy)
    {
        private TimeSpan inProxyTime;
        private TimeSpan outProxyTime;
        private long pages;

        public CostSeries Times { get; private set; } = new();

        public double InProxyMs => inProxyTime.TotalMilliseconds / pages;

        public double OutProxyMs => outProxyTime.TotalMilliseconds / (pages * StatementsPerPage);

        public async Task RunAsync(TimeSpan length, int seed)
        {
            var before = (In: InProxy?.CpuTime() ?? default, Out: OutProxy?.CpuTime() ?? default);
            await using var load = new OpenLoad(At, "/page.jsp?n=7", Connections);
            var outcome = await load.RunAsync(PagesPerSecond, length, seed);
            // The clone works off what is due.
            await Task.Delay(TimeSpan.FromSeconds(1.5));
            inProxyTime += (InProxy?.CpuTime() ?? default) - before.In;
            outProxyTime += (OutProxy?.CpuTime() ?? default) - before.Out;
            pages += outcome.Requests;
            Times.Add(outcome, TimeSpan.Zero);
        }

        public void Forget() => (inProxyTime, outProxyTime, pages, Times) = (default, default, 0, new CostSeries());
    }
}
