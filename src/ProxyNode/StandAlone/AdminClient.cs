using System.Text.Json;
using JustRunIt.Events.Proxies;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary>Asks another stand-alone proxy for its report.</summary>
internal static class AdminClient
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(200);
    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(2) };

    /// <summary>The time shift of the proxy at an admin address, which may just be starting.</summary>
    /// <exception cref="ConfigurationException">Nobody answers there, or not as a proxy that duplicates.</exception>
    public static async Task<TimeSpan> TimeShiftOfAsync(Endpoint admin, TimeProvider clock, CancellationToken stop)
    {
        for (var began = clock.GetTimestamp(); ; await Task.Delay(Again, clock, stop).ConfigureAwait(false))
        {
            try
            {
                await using var stream = await Http.GetStreamAsync(Address(admin), stop).ConfigureAwait(false);
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

    /// <summary>The matches that a proxy has counted; null when it does not answer.</summary>
    public static async Task<MatchCounts?> MatchesOfAsync(Endpoint admin)
    {
        try
        {
            await using var stream = await Http.GetStreamAsync(Address(admin)).ConfigureAwait(false);
            var report = await JsonSerializer.DeserializeAsync(stream, ReportJson.Default.Report).ConfigureAwait(false);
            return report?.Matches is { } matches
                ? new MatchCounts(matches.Exact, matches.Wildcard, matches.Nearest, matches.Missing)
                : null;
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or TaskCanceledException)
        {
            return null;
        }
    }

    private static string Address(Endpoint admin) => $"http://{admin}/report";

    private static ConfigurationException Wrong(Endpoint admin, string reason) => new(
        $"command line: --peer: '{admin}' {reason}; allowed is the admin address of a running in-proxy with a clone, or give --time-shift");
}
