using System.Globalization;
using System.Text.Json.Nodes;

namespace JustRunIt.Bench.Fidelity;

/// <summary>One load at one CPU share: what both sides did with the same arrivals.</summary>
/// <param name="Sample">Name of the sample.</param>
/// <param name="Share">CPU share of each side; fraction of a core.</param>
/// <param name="Clients">Clients that were emulated.</param>
/// <param name="Time">Length of the measurement.</param>
/// <param name="Online">On-line server.</param>
/// <param name="Sandbox">Clone, from when each duplicate was due, the time shift later.</param>
/// <param name="Matches">How the clone's statements were answered.</param>
/// <param name="Shed">Duplicates that were never sent.</param>
/// <param name="Differences">Replies that were compared, and that differed.</param>
/// <param name="CpuMs">CPU time a request of each side, ms.</param>
internal sealed record Cell(
    string Sample,
    double Share,
    int Clients,
    TimeSpan Time,
    Sum Online,
    Sum Sandbox,
    Matched Matches,
    double Shed,
    (double Compared, double Different) Differences,
    (double Online, double Clone) CpuMs)
{
    /// <summary>Heading of the table.</summary>
    public const string Heading =
        "                              on-line            clone          clone − on-line          answers of the out-proxy, %\n"
        + "sample     clients  CPU %   req/s   mean ms   req/s   mean ms   req/s       ms      exact  wildcard  nearest  missing   of";

    /// <summary>On-line throughput.</summary>
    public double OnlinePerSecond => Online.Requests / Time.TotalSeconds;

    /// <summary>Throughput of the clone.</summary>
    public double SandboxPerSecond => Sandbox.Requests / Time.TotalSeconds;

    /// <summary>A line of the table.</summary>
    public string Line() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Sample,-10}{Clients,8}{Share * 100,7:0}{OnlinePerSecond,8:0.0}{Online.MeanMs,10:0.0}{SandboxPerSecond,8:0.0}"
            + $"{Sandbox.MeanMs,10:0.0}{SandboxPerSecond - OnlinePerSecond,8:+0.0;-0.0;0.0}{Sandbox.MeanMs - Online.MeanMs,9:+0.0;-0.0;0.0}"
        + $"{Percent(Matches.Exact),11:0.00}{Percent(Matches.Wildcard),10:0.00}{Percent(Matches.Nearest),9:0.00}"
        + $"{Percent(Matches.Missing),9:0.00}{Matches.Count,7:0}");

    /// <summary>All figures.</summary>
    public JsonObject Json() => new()
    {
        ["sample"] = Sample,
        ["cpu"] = Share,
        ["clients"] = Clients,
        ["seconds"] = Time.TotalSeconds,
        ["online"] = Side(Online, OnlinePerSecond, CpuMs.Online),
        ["sandbox"] = Side(Sandbox, SandboxPerSecond, CpuMs.Clone),
        ["matches"] = new JsonObject
        {
            ["exact"] = Matches.Exact,
            ["wildcard"] = Matches.Wildcard,
            ["nearest"] = Matches.Nearest,
            ["missing"] = Matches.Missing,
        },
        ["shed"] = Shed,
        ["compared"] = Differences.Compared,
        ["different"] = Differences.Different,
    };

    private static JsonObject Side(Sum sum, double perSecond, double cpuMs) => new()
    {
        ["requests"] = sum.Requests,
        ["throughputPerSecond"] = perSecond,
        ["meanMs"] = sum.MeanMs,
        ["errors"] = sum.Errors,
        ["cpuMsPerRequest"] = cpuMs,
    };

    private double Percent(double count) => Matches.Count > 0 ? 100 * count / Matches.Count : 0;
}
