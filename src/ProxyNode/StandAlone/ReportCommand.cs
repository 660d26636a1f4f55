using System.CommandLine;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Configuration;
using static JustRunIt.ProxyNode.StandAlone.OptionValues;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary><c>justrunit report</c>: asks a proxy for its figures, with the token that it finds by itself.</summary>
internal static class ReportCommand
{
    private const string Example = "--of 127.0.0.1:9000";

    private static readonly Option<string?> Of = AdminQuestion.Admin("--of");

    private static readonly Option<bool> Metrics = new("--metrics") { Description = "the figures in Prometheus' text format, not as JSON" };

    private static readonly Option<bool> Reset = new("--reset") { Description = "write nothing; the report counts from now" };

    private static readonly Option<string?> Token = AdminQuestion.Token();

    /// <summary>Parses and runs.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("Reads the figures of a proxy that was started with --admin");
        foreach (var option in new Option[] { Of, Metrics, Reset, Token })
            root.Options.Add(option);
        using var signals = new EndSignals();
        root.SetAction((parsed, _) => RunAsync(parsed, signals.End));
        return await RunCommandAsync(root, args, "report", Example);
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken end)
    {
        var admin = Address(parsed, Of, EndpointKinds.HostName | EndpointKinds.Unix)!;
        var (reset, metrics) = (parsed.GetValue(Reset), parsed.GetValue(Metrics));
        if (reset && metrics)
            throw new ConfigurationException("command line: --reset: given with --metrics; allowed is one of them");
        var (method, what) = reset ? (HttpMethod.Post, "reset") : (HttpMethod.Get, metrics ? "metrics" : "report");
        return await AdminQuestion.AskAsync(admin, parsed.GetValue(Token), method, what, text => text, end);
    }
}
