namespace JustRunIt.ProxyNode.Tests;

/// <summary>What is under way when a proxy is taken from the path, and what only looks as if it became a stream.</summary>
public sealed class LeavingTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Fact]
    public async Task A_request_that_is_still_coming_in_is_heard_to_its_end_and_answered()
    {
        const string head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n";
        using var server = new ScriptedServer(async client =>
        {
            await client.ReadAsync(head.Length + 10);
            await client.SendAsync(Ok);
            await client.ReadToEndAsync();
        });
        await using var proxy = Scenes.In("http", server.EndPoint);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync(head + "12345");
        await Scenes.UntilAsync(proxy, report => report.Connections!.Exchanges.Open == 1);
        var leaving = proxy.Relay.EndAfterRepliesAsync(CancellationToken.None);
        await client.SendAsync("67890");
        Assert.Equal(Ok, await client.ReadToEndAsync());
        await leaving.WaitAsync(TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task A_reply_without_a_body_makes_no_stream_of_a_connection_whose_client_offered_one()
    {
        const string offer = "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
        using var server = new ScriptedServer(async client =>
        {
            await client.ReadAsync(offer.Length);
            await client.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
            await client.ReadAsync();
            await client.SendAsync(Ok);
            await client.ReadToEndAsync();
        });
        await using var proxy = Scenes.In("http", server.EndPoint);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync(offer);
        Assert.StartsWith("HTTP/1.1 204 ", await client.ReadReplyAsync(), StringComparison.Ordinal);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        Assert.Equal(Ok, await client.ReadReplyAsync());
        await Scenes.UntilAsync(proxy, report => report.Live is { Requests: 2, Errors: 0 });
    }
}
