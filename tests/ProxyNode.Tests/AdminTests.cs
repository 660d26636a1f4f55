using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using JustRunIt.Infrastructure;
using JustRunIt.Infrastructure.Peers;
using JustRunIt.ProxyNode.Tests.Peers;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Who may read a proxy's figures, and start them anew.</summary>
public sealed class AdminTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("justrunit-admin").FullName;
    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false });
    private TestServer server = null!;
    private ProxyProcess proxy = null!;

    private string Token => File.ReadAllText(Path.Combine(folder, "token")).Trim();

    public async Task InitializeAsync()
    {
        server = await TestServer.StartAsync(_ => { });
        proxy = await ProxyProcess.StartAsync(
            [], "--role", "in", "--upstream", $"{server.EndPoint}", "--admin-token", Path.Combine(folder, "token"));
    }

    public async Task DisposeAsync()
    {
        await proxy.DisposeAsync();
        await server.DisposeAsync();
        http.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("GET", "report")]
    [InlineData("GET", "metrics")]
    [InlineData("POST", "reset")]
    [InlineData("GET", "other")]
    public async Task Nobody_is_answered_without_the_token(string method, string what)
    {
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(method, what, token: null));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(method, what, token: "wrong"));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(method, what, Token + "0"));
        Assert.NotEqual(HttpStatusCode.Unauthorized, await AskAsync(method, what, Token));
    }

    [Theory]
    [InlineData("GET", "report")]
    [InlineData("GET", "metrics")]
    [InlineData("POST", "reset")]
    public async Task A_page_of_another_host_is_refused_even_with_the_token(string method, string what)
    {
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(method, what, Token, host: $"rebound.example:{proxy.Admin.Port}"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(method, what, Token, host: "127.0.0.1:1"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(method, what, Token, origin: "http://shop.example"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(method, what, Token, origin: "null"));
        Assert.True((int)await AskAsync(method, what, Token, host: $"localhost:{proxy.Admin.Port}") < 300);
        Assert.True((int)await AskAsync(method, what, Token, origin: $"http://{proxy.Admin}") < 300);
    }

    [Fact]
    public async Task The_command_finds_the_token_of_its_user_by_itself()
    {
        await using var own = await ProxyProcess.StartAsync([], "--role", "in", "--upstream", $"{server.EndPoint}");

        Assert.Equal((0, ""), await ReportAsync("--of", $"{own.Admin}"));
        Assert.Equal((0, ""), await ReportAsync("--of", $"{own.Admin}", "--metrics"));
        Assert.Equal((0, ""), await ReportAsync("--of", $"{own.Admin}", "--reset"));
        var (exitCode, errors) = await ReportAsync("--of", $"{proxy.Admin}");
        Assert.Equal(2, exitCode);
        Assert.Equal(
            $"{proxy.Admin} refuses (401): authorization: missing or wrong; allowed is Bearer and the word in the proxy's token file\n",
            errors);
        Assert.Equal((0, ""), await ReportAsync("--of", $"{proxy.Admin}", "--admin-token", Path.Combine(folder, "token")));
    }

    [Fact]
    public async Task By_a_Unix_socket_its_owner_is_answered_and_a_socket_that_was_left_does_no_harm()
    {
        var socket = Path.Combine(folder, "admin.sock");
        string[] arguments =
        [
            "proxy", "--role", "in", "--listen", $"127.0.0.1:{FreePorts.Next()}", "--upstream", $"{server.EndPoint}", "--admin",
            $"unix:{socket}",
        ];
        for (var i = 0; i < 2; i++)
        {
            var info = new ProcessStartInfo("dotnet", [typeof(ProxyNode.StandAlone.ProxyOptions).Assembly.Location, .. arguments]);
            using var process = Process.Start(info)!;
            try
            {
                await InstallScene.UntilAsync(async () => (await ReportAsync("--of", $"unix:{socket}")).ExitCode == 0);
                Assert.Equal("600", (await PeerProcess.RunAsync("stat", ["--format=%a", socket])).Trim());
            }
            finally
            {
                // The socket is left.
                process.Kill();
                await process.WaitForExitAsync();
            }
        }
    }

    [Fact]
    public async Task A_token_that_others_may_read_is_refused_in_one_line()
    {
        var file = Path.Combine(folder, "open");
        await File.WriteAllTextAsync(file, "0123456789abcdef0123456789abcdef");
        await PeerProcess.RunAsync("chmod", ["644", file]);

        var (exitCode, _, errors) = await ProxyProcess.RunAsync(
            "proxy", "--role", "in", "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:1", "--admin", "127.0.0.1:0", "--admin-token",
            file);

        Assert.Equal(2, exitCode);
        Assert.Equal(
            $"command line: --admin-token: '{file}' may be read by others; allowed is a file of mode 600 with a word of 16 characters or "
            + "more, or one that is not there yet\n",
            errors);
    }

    [Fact]
    public async Task The_token_and_a_trace_are_the_owners_alone_whatever_the_mask()
    {
        var script = "umask 0; exec dotnet \"$@\"";
        var trace = Path.Combine(folder, "made", "shop.trace");
        Directory.CreateDirectory(Path.GetDirectoryName(trace)!);
        var token = Path.Combine(folder, "new", "token");
        using var process = Process.Start(new ProcessStartInfo(
            "sh",
            [
                "-c", script, "sh", typeof(ProxyNode.StandAlone.ProxyOptions).Assembly.Location, "proxy", "--role", "in", "--listen",
                $"127.0.0.1:{FreePorts.Next()}", "--upstream", $"{server.EndPoint}", "--record", trace, "--admin",
                $"127.0.0.1:{FreePorts.Next()}", "--admin-token", token,
            ]))!;
        try
        {
            await InstallScene.UntilAsync(() => Task.FromResult(File.Exists(trace) && File.Exists(token)));
            var modes = await PeerProcess.RunAsync("stat", ["--format=%a", trace, token, Path.GetDirectoryName(token)!]);
            Assert.Equal("600\n600\n700\n", modes);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    private static async Task<(int ExitCode, string Errors)> ReportAsync(params string[] arguments)
    {
        var (exitCode, _, errors) = await ProxyProcess.RunAsync(["report", .. arguments]);
        return (exitCode, errors);
    }

    private async Task<HttpStatusCode> AskAsync(string method, string what, string? token, string? host = null, string? origin = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), $"http://{proxy.Admin}/{what}");
        request.Headers.Host = host;
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (origin is not null)
            request.Headers.TryAddWithoutValidation("Origin", origin);
        using var reply = await http.SendAsync(request);
        return reply.StatusCode;
    }
}
