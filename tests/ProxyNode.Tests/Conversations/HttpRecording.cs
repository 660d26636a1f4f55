using System.Net;
using System.Net.WebSockets;
using JustRunIt.Infrastructure;
using JustRunIt.Infrastructure.Peers;
using JustRunIt.Infrastructure.Sources;
using JustRunIt.ProxyNode.Tests.Peers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace JustRunIt.ProxyNode.Tests.Conversations;

/// <summary>What curl, wrk, .NET's HttpClient and a WebSocket say to nginx, Apache and Kestrel.</summary>
internal static class HttpRecording
{
    public static async Task RecordAsync(VectorRecorder recorder)
    {
        await using (var nginx = await WebServer.NginxAsync())
        {
            using var between = new Eavesdropper(nginx.EndPoint);
            await CurlAsync(between.EndPoint);
            recorder.Add("http", "curl-nginx", "curl 7.88 and nginx 1.22", between);
            using var load = new Eavesdropper(nginx.EndPoint);
            var script = Path.GetTempFileName();
            await File.WriteAllTextAsync(script, """
                init = function() local r = {} for i = 1, 3 do r[i] = wrk.format("GET", "/fixed?" .. i) end request3 = table.concat(r) end
                request = function() return request3 end
                """);
            await PeerProcess.RunAsync("wrk", ["-t1", "-c1", "-d1s", "-s", script, $"http://{load.EndPoint}/fixed"]);
            File.Delete(script);
            recorder.AddStart("http", "wrk-nginx", "wrk 4.1, three requests at once, and nginx 1.22", load, 12);
        }

        await using (var apache = await WebServer.ApacheAsync())
        {
            using var between = new Eavesdropper(apache.EndPoint);
            await CurlAsync(between.EndPoint);
            recorder.Add("http", "curl-apache", "curl 7.88 and Apache 2.4", between);
        }

        await using var kestrel = await TestServer.StartAsync(Map);
        using var modern = new Eavesdropper(kestrel.EndPoint);
        var address = $"http://{modern.EndPoint}";
        await PeerProcess.RunAsync("curl", [
            "-s",
            "-H",
            "Transfer-Encoding: chunked",
            "-d",
            "in chunks",
            $"{address}/length",
            "--next",
            "-s",
            "-H",
            "Expect: 100-continue",
            "-d",
            "expected",
            $"{address}/length"
        ]);
        recorder.Add("http", "curl-kestrel", "curl 7.88 and Kestrel 10", modern);
        using var own = new Eavesdropper(kestrel.EndPoint);
        using (var http = new HttpClient { BaseAddress = new Uri($"http://{own.EndPoint}") })
        {
            using var chunked = new HttpRequestMessage(HttpMethod.Post, "/length") { Content = new StringContent(new string('x', 5000)) };
            chunked.Headers.TransferEncodingChunked = true;
            chunked.Headers.ExpectContinue = true;
            await http.SendAsync(chunked);
            await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/fixed"));
        }

        recorder.Add("http", "httpclient-kestrel", ".NET's HttpClient 10 and Kestrel 10", own);
        using var socket = new Eavesdropper(kestrel.EndPoint);
        using (var web = new ClientWebSocket())
        {
            await web.ConnectAsync(new Uri($"ws://{socket.EndPoint}/socket"), CancellationToken.None);
            await web.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
            await web.ReceiveAsync(new byte[100].AsMemory(), CancellationToken.None);
            await web.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        }

        await RecordNodeAsync(recorder);
        recorder.Add("http", "websocket-kestrel", ".NET's ClientWebSocket 10 and Kestrel 10", socket);
    }

    /// <summary>Trailers in both directions, and early hints before the reply (RFC 8297).</summary>
    private static async Task RecordNodeAsync(VectorRecorder recorder)
    {
        var port = FreePorts.Next();
        using var between = new Eavesdropper(new IPEndPoint(IPAddress.Loopback, port));
        await PeerProcess.RunAsync("node", ["-e", """
            const http = require('http');
            const server = http.createServer((q, r) => { q.resume(); q.on('end', () => {
              r.writeEarlyHints({ link: '</style.css>; rel=preload' });
              r.writeHead(200, { Trailer: 'X-Sum' }); r.write('first '); r.write('second');
              r.addTrailers({ 'X-Sum': '12' }); r.end(); }); });
            server.listen(+process.argv[1], '127.0.0.1', () => {
              const q = http.request(
                { host: '127.0.0.1', port: +process.argv[2], method: 'POST', path: '/trailers', headers: { Trailer: 'X-Check' } },
                r => { r.resume(); r.on('end', () => process.exit(0)); });
              q.write('a body '); q.write('in chunks'); q.addTrailers({ 'X-Check': '7' }); q.end(); });
            """, $"{port}", $"{between.EndPoint.Port}"]);
        recorder.Add("http", "node-node", "Node.js, client and server", between);
    }

    private static async Task CurlAsync(IPEndPoint at)
    {
        var address = $"http://{at}";
        await PeerProcess.RunAsync("curl", [
            "-s", $"{address}/small.txt", $"{address}/nothing",
            "--next", "-s", "-I", $"{address}/small.txt",
            "--next", "-s", "--compressed", $"{address}/page.html",
            "--next", "-s", "-r", "2-5", $"{address}/small.txt",
            "--next", "-s", "-z", DateTime.UtcNow.ToString("R", System.Globalization.CultureInfo.InvariantCulture), $"{address}/small.txt",
            "--next", "-s", "-d", "a=1&b=2", $"{address}/fixed",
            "--next", "-s", "-0", $"{address}/small.txt"]);
    }

    private static void Map(WebApplication application)
    {
        application.UseWebSockets();
        application.MapMethods("/fixed", ["GET", "HEAD"], () => "fixed");
        application.MapPost("/length", async (HttpContext context) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            return $"length {body.Length}";
        });
        application.Map("/socket", async (HttpContext context) =>
        {
            using var web = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[100];
            for (var message = await web.ReceiveAsync(
                buffer,
                CancellationToken.None); message.CloseStatus is null; message = await web.ReceiveAsync(buffer, CancellationToken.None))
                await web.SendAsync(
                    buffer.AsMemory(0, message.Count), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
            await web.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        });
    }
}
