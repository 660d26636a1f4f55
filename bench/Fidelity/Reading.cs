using System.Text.Json;
using JustRunIt.Infrastructure.Peers;

namespace JustRunIt.Bench.Fidelity;

/// <summary>A proxy's figures at an instant: sums since it began.</summary>
/// <param name="Requests">Requests answered.</param>
/// <param name="TotalMs">Sum of their response times.</param>
/// <param name="Errors">Replies that were errors.</param>
internal readonly record struct Sum(double Requests, double TotalMs, double Errors)
{
    /// <summary>What came since an earlier reading.</summary>
    public static Sum operator -(Sum later, Sum earlier) =>
        new(later.Requests - earlier.Requests, later.TotalMs - earlier.TotalMs, later.Errors - earlier.Errors);

    /// <summary>Mean response time.</summary>
    public double MeanMs => Requests > 0 ? TotalMs / Requests : double.NaN;
}

/// <summary>How the clone's statements were answered.</summary>
internal readonly record struct Matched(double Exact, double Wildcard, double Nearest, double Missing)
{
    /// <summary>What came since an earlier reading.</summary>
    public static Matched operator -(Matched later, Matched earlier) =>
        new(
            later.Exact - earlier.Exact,
            later.Wildcard - earlier.Wildcard,
            later.Nearest - earlier.Nearest,
            later.Missing - earlier.Missing);

    /// <summary>All.</summary>
    public double Count => Exact + Wildcard + Nearest + Missing;
}

/// <summary>Reads the in-proxy's report, which holds the matches of its peer.</summary>
internal sealed class Reading
{
    private static readonly HttpClient Http = AdminAccess.Client(TimeSpan.FromSeconds(5));

    private readonly JsonElement report;

    private Reading(JsonElement report) => this.report = report;

    /// <summary>On-line.</summary>
    public Sum Online => SumOf(report.GetProperty("live"));

    /// <summary>Clone.</summary>
    public Sum Clone => SumOf(report.GetProperty("sandbox"));

    /// <summary>The clone's statements.</summary>
    public Matched Matches
    {
        get
        {
            var matches = report.GetProperty("matches");
            return new Matched(
                Number(matches, "exact"), Number(matches, "wildcard"), Number(matches, "nearest"), Number(matches, "missing"));
        }
    }

    /// <summary>Duplicates that were never sent.</summary>
    public double Shed => Number(report, "shed");

    /// <summary>Replies of both sides that were compared, and that differed.</summary>
    public (double Compared, double Different) Differences
    {
        get
        {
            var differences = report.GetProperty("differences");
            return (
                Number(differences, "compared"),
                Number(differences, "status") + Number(differences, "length") + Number(differences, "content"));
        }
    }

    /// <summary>Reads it now.</summary>
    public static async Task<Reading> TakeAsync(string admin, CancellationToken cancellation)
    {
        using var json = JsonDocument.Parse(await Http.GetStringAsync(new Uri($"http://{admin}/report"), cancellation));
        return new Reading(json.RootElement.Clone());
    }

    private static Sum SumOf(JsonElement side) => new(
        Number(side, "requests"), Number(side, "requests") * Number(side, "meanMs"), Number(side, "errors"));

    private static double Number(JsonElement at, string name) => at.GetProperty(name).GetDouble();
}
