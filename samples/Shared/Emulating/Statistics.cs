using System.Text.Json.Nodes;

namespace JustRunIt.Samples.Emulating;

/// <summary>Response times since the last line of figures.</summary>
public sealed class Statistics
{
    private readonly Lock gate = new();
    private List<double> milliseconds = [];
    private int errors;

    /// <summary>A request ended.</summary>
    public void Add(TimeSpan responseTime, bool isError)
    {
        lock (gate)
        {
            milliseconds.Add(responseTime.TotalMilliseconds);
            errors += isError ? 1 : 0;
        }
    }

    /// <summary>The figures since the last call, as a line of JSON.</summary>
    public string Take(DateTimeOffset at, int clients, TimeSpan interval)
    {
        List<double> taken;
        int failed;
        lock (gate)
        {
            (taken, failed) = (milliseconds, errors);
            (milliseconds, errors) = ([], 0);
        }

        taken.Sort();
        return new JsonObject
        {
            ["at"] = at.UtcDateTime.ToString("O"),
            ["clients"] = clients,
            ["requests"] = taken.Count,
            ["errors"] = failed,
            ["throughputPerSecond"] = Math.Round((taken.Count - failed) / interval.TotalSeconds, 2),
            ["meanMs"] = taken.Count == 0 ? null : Math.Round(taken.Average(), 2),
            ["p95Ms"] = AtPercentile(taken, 95),
            ["p99Ms"] = AtPercentile(taken, 99),
        }.ToJsonString();
    }

    private static double? AtPercentile(List<double> sorted, int percentile) =>
        sorted.Count == 0 ? null : Math.Round(sorted[Math.Max(0, (int)Math.Ceiling(sorted.Count * percentile / 100.0) - 1)], 2);
}
