using System.Diagnostics;

namespace JustRunIt.Bench.QuotaPeriod;

/// <summary>Poisson arrivals, the same for every run; a response time counts from when the request was due.</summary>
internal static class OpenLoad
{
    /// <summary>Sends requests and waits for the replies; sorted milliseconds.</summary>
    public static async Task<double[]> RunAsync(string address, string path, double requestsPerSecond, TimeSpan duration)
    {
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256, UseProxy = false })
        { BaseAddress = new Uri($"http://{address}") };
        var random = new Random(42);
        var running = new List<Task<double>>();
        var begin = Stopwatch.GetTimestamp();
        for (var due = TimeSpan.Zero; due < duration; due += TimeSpan.FromSeconds(-Math.Log(1 - random.NextDouble()) / requestsPerSecond))
        {
            var wait = due - Stopwatch.GetElapsedTime(begin);
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait);
            running.Add(AskAsync(http, path, begin, due));
        }

        var all = await Task.WhenAll(running);
        Array.Sort(all);
        return all;
    }

    private static async Task<double> AskAsync(HttpClient http, string path, long begin, TimeSpan due)
    {
        using var reply = await http.GetAsync(path);
        return (Stopwatch.GetElapsedTime(begin) - due).TotalMilliseconds;
    }
}
