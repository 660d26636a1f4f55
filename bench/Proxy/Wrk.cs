using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using JustRunIt.Infrastructure.Peers;

namespace JustRunIt.Bench.Proxy;

/// <summary>As many requests as keep-alive connections bear, by wrk.</summary>
internal static partial class Wrk
{
    /// <summary>Runs it with one thread.</summary>
    public static async Task<OpenLoad.Outcome> RunAsync(IPEndPoint server, string path, int connections, TimeSpan length)
    {
        var said = await PeerProcess.RunAsync(
            "wrk", ["-t1", $"-c{connections}", $"-d{length.TotalSeconds:0}s", "--latency", $"http://{server}{path}"]);
        var requests = long.Parse(Find(said, @"(\d+) requests in"), CultureInfo.InvariantCulture);
        var errors = Regex.Match(said, @"Non-2xx or 3xx responses: (\d+)") is { Success: true } bad ? long.Parse(
            bad.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
        return new OpenLoad.Outcome(
            double.Parse(Find(said, @"Requests/sec:\s+([\d.]+)"), CultureInfo.InvariantCulture),
            double.NaN,
            Milliseconds(Find(said, @"(?m)^\s+50%\s+(\S+)")),
            Milliseconds(Find(said, @"(?m)^\s+99%\s+(\S+)")),
            requests,
            errors);
    }

    private static string Find(string said, string pattern) =>
        Regex.Match(said, pattern) is { Success: true } found ? found.Groups[1].Value : throw new InvalidOperationException($"wrk: {said}");

    private static double Milliseconds(string time)
    {
        if (!double.TryParse(time.TrimEnd('u', 'm', 's'), CultureInfo.InvariantCulture, out var number))
            throw new InvalidOperationException($"wrk: '{time}' is no time");
        return time.EndsWith(
            "us", StringComparison.Ordinal) ? number / 1000 : time.EndsWith("ms", StringComparison.Ordinal) ? number : number * 1000;
    }
}
