using System.Net;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Sandboxes;
using JustRunIt.ProxyNode.StandAlone;
using JustRunIt.ProxyNode.Tracing;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Stand-alone proxies on free ports, and waiting for what they will have seen.</summary>
internal static class Scenes
{
    public static readonly TimeSpan TimeShift = TimeSpan.FromMilliseconds(300);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Passwords of the databases' user.</summary>
    public static ServiceRules Credentials { get; } =
        ServiceRules.None with { Credentials = new Dictionary<string, string> { ["shop"] = "secret" } };

    public static StandAloneProxy In(
        string protocol, EndPoint upstream, IPEndPoint? sandbox = null, ServiceRules? rules = null, ConnectionLimits? limits = null) =>
        StandAloneProxy.Start(
        new ProxyOptions
        {
            Role = ProxyRole.In,
            Protocol = ProtocolRegistry.Find(protocol)!,
            Listen = Settings.Free,
            Upstream = Settings.Of(upstream),
            Sandbox = sandbox,
            TimeShift = TimeShift,
            Rules = rules ?? Credentials,
            Limits = limits ?? new(),
        },
        TimeProvider.System);

    /// <param name="protocol">What it speaks.</param>
    /// <param name="upstream">The server.</param>
    /// <param name="rules">Its rules.</param>
    /// <param name="clients">Who the clone is (see the option <c>--clone</c>); null for a process of the proxy's own user.</param>
    public static StandAloneProxy Out(
        string protocol, EndPoint upstream, ServiceRules? rules = null, string[]? clients = null) => StandAloneProxy.Start(
        new ProxyOptions
        {
            Role = ProxyRole.Out,
            Protocol = ProtocolRegistry.Find(protocol)!,
            Listen = Settings.Free,
            Upstream = Settings.Of(upstream),
            Sandbox = Settings.Free,
            Clients = clients is null ? null : SandboxClients.Parse(clients, out _),
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

    /// <summary>Waits until the report fulfils a condition. Every report accounts for everything, whatever the test does.</summary>
    public static async Task<Report> UntilAsync(StandAloneProxy proxy, Func<Report, bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var report = await proxy.ReportAsync();
            Assert.True(report.Duplicates is null or { IsConserved: true }, $"{report.Duplicates}");
            var online = report.Connections!.Exchanges;
            Assert.Equal(online.Arrived, online.Answered + online.Failed + online.Open);
            if (condition(report))
                return report;
            Assert.False(patience.IsCancellationRequested, $"{report} {string.Join('\n', report.Differences?.Samples ?? [])}");
            await Task.Delay(20, CancellationToken.None);
        }
    }

    /// <summary>
    /// Waits until an out-proxy has on record all that was asked of it. All, not some: what is recorded last is what the test asked last.
    /// </summary>
    public static async Task RecordedAsync(StandAloneProxy proxy, int exchanges)
    {
        var report = await UntilAsync(proxy, now => now.Record!.Exchanges >= exchanges);
        Assert.Equal(exchanges, report.Record!.Exchanges);
    }
}
