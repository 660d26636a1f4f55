using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary>Asks another stand-alone proxy for its report.</summary>
internal static class AdminClient
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(2);

    /// <summary>The time shift of the proxy at an admin address, which may just be starting.</summary>
    /// <exception cref="ConfigurationException">Nobody answers there, or not as a proxy that duplicates.</exception>
    public static async Task<TimeSpan> TimeShiftOfAsync(Endpoint admin, string? token, TimeProvider clock, CancellationToken stop)
    {
        for (var began = clock.GetTimestamp(); ; await Task.Delay(Again, clock, stop).ConfigureAwait(false))
        {
            try
            {
                using var reply = await AskAsync(admin, token, HttpMethod.Get, "report", stop).ConfigureAwait(false);
                if (reply.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
                    throw Wrong(admin, "refuses the token; give that of its user by --admin-token");
                await using var stream = await reply.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(stop).ConfigureAwait(false);
                using var report = await JsonDocument.ParseAsync(stream, cancellationToken: stop).ConfigureAwait(false);
                var shift = TimeSpan.FromMilliseconds(report.RootElement.GetProperty("timeShiftMs").GetDouble());
                return shift > TimeSpan.Zero ? shift : throw Wrong(admin, "has no clone, and so no time shift");
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !stop.IsCancellationRequested)
            {
                if (clock.GetElapsedTime(began) > Patience)
                    throw Wrong(admin, $"does not answer ({e.Message})");
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                throw Wrong(admin, $"does not answer with a report ({e.Message})");
            }
        }
    }

    /// <summary>The matches that a proxy has counted since it was started; null when it does not answer.</summary>
    public static async Task<Matches?> MatchesOfAsync(Endpoint admin, string? token)
    {
        try
        {
            using var reply = await AskAsync(admin, token, HttpMethod.Get, "report", CancellationToken.None).ConfigureAwait(false);
            await using var stream = await reply.EnsureSuccessStatusCode().Content.ReadAsStreamAsync().ConfigureAwait(false);
            var report = await JsonSerializer.DeserializeAsync(stream, ReportJson.Default.Report).ConfigureAwait(false);
            return report?.AllMatches ?? report?.Matches;
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or TaskCanceledException)
        {
            return null;
        }
    }

    /// <summary>Asks a proxy for something, with the token of a file, or this user's own.</summary>
    /// <param name="admin">Where it is asked.</param>
    /// <param name="token">The file; null for <see cref="AdminToken.DefaultFile"/>.</param>
    /// <param name="method">How.</param>
    /// <param name="what">For what.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="HttpRequestException">Nobody answers.</exception>
    public static async Task<HttpResponseMessage> AskAsync(
        Endpoint admin, string? token, HttpMethod method, string what, CancellationToken stop)
    {
        using var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
        if (admin.UnixPath is { } path)
            handler.ConnectCallback = (_, cancellation) => ConnectAsync(path, cancellation);
        using var http = new HttpClient(handler) { Timeout = AnswerPatience };
        var host = admin.UnixPath is null ? $"{admin}" : "localhost";
        using var request = new HttpRequestMessage(method, new Uri($"http://{host}/{what}"));
        // Whoever listens by a socket may open it; the token is for nobody else's eyes.
        if (admin.UnixPath is null && AdminToken.Find(token) is { } found)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", found.Text);
        return await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, stop).ConfigureAwait(false);
    }

    /// <summary>Where the report is, for people.</summary>
    public static string AddressOf(Endpoint admin) => admin.UnixPath is null ? $"http://{admin}/report" : $"{admin}";

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static ConfigurationException Wrong(Endpoint admin, string reason) => new(
        $"command line: --peer: '{admin}' {reason}; allowed is the admin address of a running in-proxy with a clone, or give --time-shift");
}
