using System.CommandLine;
using System.Text.Json;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Configuration;
using static JustRunIt.ProxyNode.StandAlone.OptionValues;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary>
/// <c>justrunit rules</c>: proposes a service's rules from what a running proxy has seen, and has it read its file again.
/// </summary>
internal static class RulesCommand
{
    private const string Example = "propose --admin 127.0.0.1:9000";
    private const string Actions = "propose or reload";

    private static readonly Argument<string> Action = new("ACTION")
    {
        Description = "propose: write the rules that would make the seen differences equal, each with how many it explains; reload: the "
            + "proxy reads its file of rules again, open connections included",
    };

    private static readonly Option<string?> Admin = AdminQuestion.Admin("--admin");

    private static readonly Option<string?> Token = AdminQuestion.Token();

    /// <summary>Parses and runs.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("Finds a service's rules from what a proxy that was started with --admin has seen");
        root.Arguments.Add(Action);
        foreach (var option in new Option[] { Admin, Token })
            root.Options.Add(option);
        using var signals = new EndSignals();
        root.SetAction((parsed, _) => RunAsync(parsed, signals.End));
        return await RunCommandAsync(root, args, "rules", Example);
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken end)
    {
        var admin = Address(parsed, Admin, EndpointKinds.HostName | EndpointKinds.Unix)!;
        var action = parsed.GetValue(Action);
        var (method, what) = action switch
        {
            "propose" => (HttpMethod.Get, "report"),
            "reload" => (HttpMethod.Post, "rules"),
            _ => throw new ConfigurationException($"command line: ACTION: '{action}'; allowed is {Actions}"),
        };
        return await AdminQuestion.AskAsync(
            admin,
            parsed.GetValue(Token),
            method,
            what,
            text => action == "reload" ? text : RulesProposal.Of(JsonSerializer.Deserialize(text, ReportJson.Default.Report)!).ToYaml(),
            end);
    }
}
