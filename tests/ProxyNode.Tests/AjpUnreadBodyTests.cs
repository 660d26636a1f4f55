namespace JustRunIt.ProxyNode.Tests;

/// <summary>A servlet may answer without reading the request's body: then the container asks for no more of it.</summary>
public sealed class AjpUnreadBodyTests
{
    private const string Reply = "AB\0\x0A\x04\0\xC8\0\x02OK\0\0\0AB\0\x02\x05\x01";
    private const string First = "\x12\x34\0\x06\0\x04" + "abcd";
    private const string Rest = "\x12\x34\0\x07\0\x05" + "efghi";
    private const string MoreBody = "AB\0\x03\x06\x1F\xFA";

    /// <summary>A request with a body of nine bytes.</summary>
    private static readonly string Post = RefusedReplyTests.AjpPost.Replace("4\0\xFF", "9\0\xFF", StringComparison.Ordinal);

    [Fact]
    public async Task A_clone_s_request_whose_body_was_not_read_on_line_is_found()
    {
        using var server = Container();
        await using var proxy = Scenes.Out("ajp13", server.EndPoint);
        using var online = await AskAsync(proxy.EndPoint);
        await Scenes.RecordedAsync(proxy, 1);
        using var clone = await RawClient.ConnectAsync(proxy.SandboxEndPoint!);
        await clone.SendAsync(Post + First);
        Assert.Equal(MoreBody, await clone.ReadAsync(MoreBody.Length));
        await clone.SendAsync(Rest);
        Assert.Equal(Reply, await clone.ReadAsync(Reply.Length));
        var matches = (await proxy.ReportAsync()).Matches!;
        Assert.True(matches is { Exact: 1, Missing: 0 }, $"{matches}");
    }

    [Fact]
    public async Task A_request_whose_body_was_not_read_is_repeated_when_it_is_due_and_not_when_the_next_one_comes()
    {
        using var server = Container();
        using var clone = Container();
        await using var proxy = Scenes.In("ajp13", server.EndPoint, clone.EndPoint);
        using var online = await AskAsync(proxy.EndPoint);
        var report = await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests >= 1);
        Assert.Equal((1, 0), (report.Connections!.Open, report.Sandbox!.Errors));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_connection_rests_whether_the_first_packet_comes_before_the_reply_or_after_it(bool isAfter)
    {
        using var server = new ScriptedServer(async client =>
        {
            await client.ReadAsync(isAfter ? Post.Length : Post.Length + First.Length);
            await client.SendAsync(Reply);
            await client.ReadToEndAsync();
        });
        await using var proxy = Scenes.In("ajp13", server.EndPoint, limits: new() { IdleTimeout = TimeSpan.FromMilliseconds(300) });
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync(isAfter ? Post : Post + First);
        Assert.Equal(Reply, await client.ReadAsync(Reply.Length));
        if (isAfter)
            await client.SendAsync(First);
        await Scenes.UntilAsync(proxy, report => report.Connections!.Ended["timeout-idle"] == 1);
    }

    private static ScriptedServer Container() => new(async client =>
    {
        await client.ReadAsync(Post.Length + First.Length);
        await client.SendAsync(Reply);
        await client.ReadToEndAsync();
    });

    private static async Task<RawClient> AskAsync(System.Net.IPEndPoint endPoint)
    {
        var client = await RawClient.ConnectAsync(endPoint);
        await client.SendAsync(Post + First);
        Assert.Equal(Reply, await client.ReadAsync(Reply.Length));
        return client;
    }
}
