using System.Net;
using System.Text.Json;
using JustRunIt.Events.Store.Configuration;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary>Asks another stand-alone proxy for its report.</summary>
internal static class AdminClient
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

    /// <summary>The time shift of the proxy at an admin address.</summary>
    /// <exception cref="ConfigurationException">Nobody answers there, or not as a proxy.</exception>
    public static TimeSpan? TimeShiftOf(EndPoint admin)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Address(admin));
            using var reply = Http.Send(request);
            using var report = JsonDocument.Parse(reply.Content.ReadAsStream());
            return TimeSpan.FromMilliseconds(report.RootElement.GetProperty("timeShiftMs").GetDouble());
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or KeyNotFoundException or TaskCanceledException or InvalidOperationException)
        {
            throw new ConfigurationException($"command line: --peer: '{admin}' does not answer with a report ({e.Message}); allowed is the admin address of a running proxy, or give --time-shift");
        }
    }

    /// <summary>The matches that a proxy counted; null when it does not answer.</summary>
    public static async Task<Matches?> MatchesOfAsync(EndPoint admin)
    {
        try
        {
            await using var stream = await Http.GetStreamAsync(Address(admin)).ConfigureAwait(false);
            return (await JsonSerializer.DeserializeAsync(stream, ReportJson.Default.Report).ConfigureAwait(false))?.Matches;
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or TaskCanceledException)
        {
            return null;
        }
    }

    private static string Address(EndPoint admin) => admin is DnsEndPoint name ? $"http://{name.Host}:{name.Port}/report" : $"http://{admin}/report";
}
