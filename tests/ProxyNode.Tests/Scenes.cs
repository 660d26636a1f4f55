using System.Net;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.StandAlone;
using JustRunIt.ProxyNode.Tracing;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Stand-alone proxies on free ports, and waiting for what they will have seen.</summary>
internal static class Scenes
{
    public static readonly TimeSpan TimeShift = TimeSpan.FromMilliseconds(300);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Passwords of the databases' user.</summary>
    public static ServiceRules Credentials { get; } =
        ServiceRules.None with { Credentials = new Dictionary<string, string> { ["shop"] = "secret" } };

    public static StandAloneProxy In(
        string protocol, EndPoint upstream, IPEndPoint? sandbox = null, ServiceRules? rules = null) => StandAloneProxy.Start(
        new ProxyOptions
        {
            Role = ProxyRole.In,
            Protocol = ProtocolRegistry.Find(protocol)!,
            Listen = Settings.Free,
            Upstream = Settings.Of(upstream),
            Sandbox = sandbox,
            TimeShift = TimeShift,
            Rules = rules ?? Credentials,
        },
        TimeProvider.System);

    public static StandAloneProxy Out(string protocol, EndPoint upstream, ServiceRules? rules = null) => StandAloneProxy.Start(
        new ProxyOptions
        {
            Role = ProxyRole.Out,
            Protocol = ProtocolRegistry.Find(protocol)!,
            Listen = Settings.Free,
            Upstream = Settings.Of(upstream),
            Sandbox = Settings.Free,
            TimeShift = TimeShift,
            Rules = rules ?? ServiceRules.None,
        },
        TimeProvider.System);

    /// <summary>Repeats a trace at a server.</summary>
    public static async Task<TraceReport> ReplayAsync(string file, IPEndPoint to, double fraction, ServiceRules rules)
    {
        using var trace = TraceFile.Open(file, rules.Sessions);
        var options = new ReplayOptions(file, to, null, fraction, Speed: 1, Seed: 7, rules, IsJson: true);
        var sessions = TracePlan.Sessions(trace.Exchanges, rules.Sessions);
        var plan = TracePlan.Make(sessions, fraction, options.Speed, options.Seed);
        var replay = new TraceReplay(trace, plan, to, rules, TimeProvider.System);
        await replay.RunAsync(CancellationToken.None);
        return TraceReport.Of(trace, sessions.Count, plan, replay, options);
    }

    /// <summary>Waits until the report fulfils a condition.</summary>
    public static async Task<Report> UntilAsync(StandAloneProxy proxy, Func<Report, bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var report = await proxy.ReportAsync();
            if (condition(report))
                return report;
            Assert.False(patience.IsCancellationRequested, $"{report} {string.Join('\n', report.Differences?.Samples ?? [])}");
            await Task.Delay(20, CancellationToken.None);
        }
    }
}
