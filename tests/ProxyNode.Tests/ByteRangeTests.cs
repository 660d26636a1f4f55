using System.Net;
using JustRunIt.Infrastructure.Sources;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.StandAlone;
using JustRunIt.ProxyNode.Tests.Peers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using MySqlConnector;
using Npgsql;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>
/// Ranges of bytes that the rules declare to be not deterministic (<c>byteRanges</c>): what differs within them is the same message to the
/// record, what differs outside of them is another one. Here they cover the application's clock in the text that it sends.
/// </summary>
[Collection(PeerServers.Name)]
public sealed class ByteRangeTests(PeerServers servers)
{
    [Fact]
    public async Task The_content_of_an_HTTP_request()
    {
        await using var server = await TestServer.StartAsync(application => application.MapPost("/", async (HttpRequest request) =>
        {
            using var reader = new StreamReader(request.Body);
            return $"seen {await reader.ReadToEndAsync()}";
        }));
        // After 'a '.
        await using var proxy = Scenes.Out("http", server.EndPoint, Rules("2-10"));
        await OnlyWhatDiffersWithinTheRangeIsTheSameAsync(proxy, recorded: 2, async (at, text) =>
        {
            using var http = new HttpClient();
            using var reply = await http.PostAsync($"http://{at}/", new StringContent(text));
            return await reply.Content.ReadAsStringAsync();
        });
    }

    [Fact]
    public async Task The_parameters_of_a_statement_of_MySQL()
    {
        await using var pair = await servers.MariaDbAsync();
        // After flags, count of executions, map of nulls, a flag, the type, the text's length, and 'a '.
        await using var proxy = Scenes.Out("mysql", pair.Original.EndPoint, Rules("12-20"));
        await OnlyWhatDiffersWithinTheRangeIsTheSameAsync(proxy, recorded: 6, async (at, text) =>
        {
            await using var connection = new MySqlConnection(MariaDbServer.ConnectionString(at, "Pooling=false", pair.Database));
            await connection.OpenAsync();
            await using var command = new MySqlCommand("SELECT CONCAT('seen ', @text)", connection);
            command.Parameters.AddWithValue("@text", text);
            await command.PrepareAsync();
            return (string)(await command.ExecuteScalarAsync())!;
        });
    }

    [Fact]
    public async Task The_parameters_of_a_statement_of_PostgreSQL()
    {
        await using var pair = await servers.PostgreSqlAsync();
        // After the number of formats (none: all are text), the number of parameters, the text's length, and 'a '.
        await using var proxy = Scenes.Out("postgresql", pair.Original.EndPoint, Rules("10-18"));
        await OnlyWhatDiffersWithinTheRangeIsTheSameAsync(proxy, recorded: 5, async (at, text) =>
        {
            await using var connection = new NpgsqlConnection(PostgreSqlServer.ConnectionString(at, "Pooling=false", pair.Database));
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand("SELECT 'seen ' || $1", connection) { Parameters = { new() { Value = text } } };
            await command.PrepareAsync();
            return (string)(await command.ExecuteScalarAsync())!;
        });
    }

    /// <param name="proxy">An out-proxy with the rules.</param>
    /// <param name="recorded">All exchanges of two calls: of each, also what a driver asks at a connection's begin.</param>
    /// <param name="ask">Sends a text as what the rules are about, and returns the reply.</param>
    private static async Task OnlyWhatDiffersWithinTheRangeIsTheSameAsync(
        StandAloneProxy proxy, int recorded, Func<IPEndPoint, string, Task<string>> ask)
    {
        foreach (var text in new[] { "a 03:04:05.", "b 03:04:06." })
            Assert.Equal($"seen {text}", await ask(proxy.EndPoint, text));
        await Scenes.RecordedAsync(proxy, recorded);
        // Another clock: it is told what the original was told then.
        Assert.Equal(("seen b 03:04:06.", 1, 0), await AskAsync("b 03:04:59."));
        Assert.Equal(("seen a 03:04:05.", 1, 0), await AskAsync("a 23:59:59."));
        Assert.Equal(("seen a 03:04:05.", 0, 0), await AskAsync("a 03:04:05."));
        // With the very clock of one on record: another name, the byte before the clock, the byte after it, and one more.
        foreach (var other in new[] { "c 03:04:05.", "a_03:04:05.", "a 03:04:05!", "a 03:04:05.." })
        {
            var (_, wildcard, nearest) = await AskAsync(other);
            Assert.Equal((other, 0, 1), (other, wildcard, nearest));
        }

        Assert.Equal(0, (await proxy.ReportAsync()).Matches!.Missing);

        async Task<(string Reply, long Wildcard, long Nearest)> AskAsync(string text)
        {
            var before = (await proxy.ReportAsync()).Matches!;
            var reply = await ask(proxy.SandboxEndPoint!, text);
            var after = (await proxy.ReportAsync()).Matches!;
            return (reply, after.Wildcard - before.Wildcard, after.Nearest - before.Nearest);
        }
    }

    private static ServiceRules Rules(string range) => Settings.FromFile($"wildcards: {{ byteRanges: [{range}] }}\n", RulesFile.Read);
}
