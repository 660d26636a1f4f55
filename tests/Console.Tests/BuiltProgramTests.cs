using System.Text.RegularExpressions;
using JustRunIt.Client.Supervision;

namespace JustRunIt.Console.Tests;

/// <summary>The programs' own command lines: help, version, and that script and program know the same options.</summary>
public sealed partial class BuiltProgramTests : IDisposable
{
    private static readonly Dictionary<string, (string Assembly, string[] Arguments)> Programs = new()
    {
        ["demo"] = (Client.Supervision.Programs.OfProduct("Demo"), []),
        ["up"] = (Client.Supervision.Programs.OfProduct("Console"), ["up"]),
        ["hosts"] = (Client.Supervision.Programs.OfProduct("Console"), ["hosts"]),
        ["clone"] = (Client.Supervision.Programs.OfProduct("Console"), ["clone"]),
        ["logs"] = (Client.Supervision.Programs.OfProduct("Console"), ["logs"]),
        ["proxy"] = (Client.Supervision.Programs.OfProduct("ProxyNode"), ["proxy"]),
        ["replay stream"] = (Client.Supervision.Programs.OfProduct("Console"), ["replay"]),
        ["audit"] = (Client.Supervision.Programs.OfProduct("Console"), ["audit"]),
        ["asyncapi"] = (Client.Supervision.Programs.OfProduct("Console"), ["asyncapi"]),
        ["export"] = (Client.Supervision.Programs.OfProduct("Console"), ["export"]),
        ["replay"] = (Client.Supervision.Programs.OfProduct("ProxyNode"), ["replay"]),
        ["report"] = (Client.Supervision.Programs.OfProduct("ProxyNode"), ["report"]),
        ["rules"] = (Client.Supervision.Programs.OfProduct("ProxyNode"), ["rules"]),
        ["fuzz"] = (Of("tests", "ProxyNode.Tests"), ["fuzz"]),
        ["soak"] = (Of("tests", "ProxyNode.Tests"), ["soak"]),
        ["record"] = (Of("tests", "ProxyNode.Tests"), ["record"]),
        ["bench pipeline"] = (Of("bench", "Pipeline"), []),
        ["bench proxy"] = (Of("bench", "Proxy"), []),
        ["bench fidelity"] = (Of("bench", "Fidelity"), []),
        ["bench clone"] = (Of("bench", "Clone"), []),
        ["bench audit"] = (Of("bench", "Audit"), []),
        ["bench quota-period"] = (Of("bench", "QuotaPeriod"), []),
    };

    private readonly ScriptCopy script = new();

    public static TheoryData<string> All => [.. Programs.Keys];

    public static TheoryData<string> Ours => [.. Programs.Keys.Where(IsOurs)];

    public void Dispose() => script.Dispose();

    [Theory]
    [MemberData(nameof(All))]
    public async Task Script_and_program_know_the_same_options(string command)
    {
        var help = await RunAsync(command, "--help");
        Assert.Equal((0, ""), (help.ExitCode, help.Errors));
        var grammar = await script.RunFunctionAsync("command_grammar \"$1\"", command);
        var known = Word().Matches(grammar.Output).Select(match => match.Value).Order();
        var listed = Listed().Matches(help.Output).Select(match => match.Groups[1].Value).Except(["--help", "--version"]).Order();
        Assert.Equal(listed, known);
    }

    [Theory]
    [InlineData("proxy")]
    [InlineData("replay")]
    [InlineData("fuzz")]
    [InlineData("record")]
    public async Task Script_and_program_know_the_same_protocols(string command)
    {
        var grammar = await script.RunFunctionAsync("command_grammar \"$1\"", command);
        var known = Protocols().Match(grammar.Output).Groups[1].Value.Split('|').Except(["all"]);
        var help = await RunAsync(command, "--help");
        var listed = string.Join(@",\s+", known);
        Assert.Matches($@"\b{listed}(?![a-z0-9]|,\s+[a-z0-9]+[,;])", help.Output);
    }

    [Theory]
    [MemberData(nameof(Ours))]
    public async Task Help_names_the_script_and_ends_with_an_example(string command)
    {
        var help = await RunAsync(command, "--help");
        Assert.Contains($"Usage:\n  ./justrunit {command} ", help.Output);
        Assert.Contains($"\nExample:\n  ./justrunit {command}", help.Output);
        var version = await RunAsync(command, "--version");
        Assert.Equal((0, ""), (version.ExitCode, version.Errors));
        Assert.Matches(@"^[0-9]+\.[0-9]+\.[0-9]+(\+\w+)?\n$", version.Output);
    }

    [Theory]
    [MemberData(nameof(Ours))]
    public async Task A_wrong_option_is_one_line_that_says_what_is_allowed_and_exit_code_2(string command)
    {
        foreach (var arguments in (string[][])[["--bogus"], ["one", "two", "three"], ["--bogus=1"], ["--json=", "--bogus=1"]])
        {
            var run = await RunAsync(command, arguments);
            Assert.Equal((2, ""), (run.ExitCode, run.Output));
            Assert.Matches("^command line: .*; allowed is ", Assert.Single(run.ErrorLines));
        }
    }

    [Theory]
    [InlineData("demo", "--back-end xen", "--back-end: 'xen'; allowed is auto or container or process")]
    [InlineData("demo", "--json /tmp", "--json: '/tmp'; allowed is a file to be written")]
    [InlineData("demo", "--json /dev/null/figures", "'/dev/null/figures' cannot be written: ")]
    [InlineData("demo", "--plot plot.gif", "--plot: 'plot.gif'; allowed is a file to be written whose name ends in .png or .svg")]
    [InlineData("demo", "--json", "--json: missing value; allowed is FILE")]
    [InlineData("up", "", "--services: missing; allowed is FILE")]
    [InlineData("up", "--services a --agent b", "--proxies: missing; allowed is FILE")]
    [InlineData("clone", "", "NAME: missing; allowed is the on-line virtual machine; './justrunit hosts' lists them")]
    [InlineData("clone", "a --cpu much", "--cpu: 'much'; allowed is a percentage from 1 %")]
    [InlineData("clone", "a --cpu NaN", "--cpu: 'NaN'; allowed is a percentage from 1 %")]
    [InlineData("clone", "a --next nowhere", "--next: 'nowhere'; allowed is HOST:PORT, such as 127.0.0.1:8080")]
    [InlineData("hosts", "--json=maybe", "hosts: 'maybe'; allowed is --json, --adopt NAME, --end NAME, --help")]
    [InlineData("logs", "--since yesterday", "--since: 'yesterday'; allowed is ")]
    [InlineData("replay stream", "", "STREAM: missing; allowed is matrix SERVICE")]
    [InlineData("replay stream", "a --at soon", "--at: 'soon'; allowed is a version from 1, ")]
    [InlineData("replay stream", "a --at 0", "--at: '0'; allowed is a version from 1, ")]
    [InlineData("replay stream", "a --follow --at 3", "--follow: given with --at; allowed is one of them")]
    [InlineData("replay stream", "--bogus", "replay: '--bogus'; allowed is STREAM, ")]
    [InlineData("audit", "", "STREAM: missing; allowed is a stream, or --all")]
    [InlineData("audit", "a --all", "--all: given with 'a'; allowed is one of them")]
    [InlineData("audit", "a --next b", "--next: given with 'a'; allowed is --all")]
    [InlineData("audit", "--all --key nosuch", "--key: ")]
    [InlineData("audit", "--bogus", "audit: '--bogus'; allowed is STREAM, ")]
    [InlineData("audit", "--all --since yesterday", "--since: 'yesterday'; allowed is ")]
    [InlineData("audit", "--all --since 2999-01-01T00:00:00Z", "--since: '2999-01-01T00:00:00Z'; allowed is ")]
    [InlineData("logs", "--since 2999-01-01T00:00:00Z", "--since: '2999-01-01T00:00:00Z'; allowed is ")]
    [InlineData("replay stream", "a --at 2999-01-01T00:00:00Z", "--at: '2999-01-01T00:00:00Z'; allowed is a version from 1, ")]
    [InlineData("logs", "--level loud", "--level: 'loud'; allowed is ")]
    [InlineData("bench proxy", "--only tcp", "--only: 'tcp'; allowed is http or cost or chain or stall or databases")]
    [InlineData("bench proxy", "--plot a.jpg", "--plot: 'a.jpg'; allowed is a file to be written whose name ends in .png or .svg")]
    [InlineData("bench clone", "--heap 0", "--heap: '0'; allowed is a whole number from 1 to 4000")]
    [InlineData("bench clone", "--back-end xen", "--back-end: 'xen'; allowed is process or container or vm")]
    [InlineData("bench pipeline", "--json /dev/null/figures", "'/dev/null/figures' cannot be written: ")]
    public async Task A_wrong_value_is_one_line_with_option_value_and_what_is_allowed(string command, string arguments, string complaint)
    {
        var run = await RunAsync(command, arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.StartsWith($"command line: {complaint}", Assert.Single(run.ErrorLines));
    }

    private static bool IsOurs(string command) => command.Split(' ')[0] is "demo" or "up" or "hosts" or "clone" or "logs" or "bench";

    private static Task<CommandRun> RunAsync(string command, params string[] arguments) =>
        CommandRun.OfAsync("dotnet", [Programs[command].Assembly, .. Programs[command].Arguments, .. arguments]);

    private static string Of(string folder, string project)
    {
        // As the products', whose configuration is that of these tests.
        var product = Client.Supervision.Programs.OfProduct("Console");
        var output = Path.GetRelativePath(
            Path.Combine(Client.Supervision.Programs.Home, "src", "Console"), Path.GetDirectoryName(product)!);
        var name = folder == "bench" ? $"JustRunIt.Bench.{project}.dll" : $"JustRunIt.{project}.dll";
        return Path.Combine(Client.Supervision.Programs.Home, folder, project, output, name);
    }

    [GeneratedRegex("(?:--protocol|PARSER|PROTOCOL)=([a-z0-9|]+)")]
    private static partial Regex Protocols();

    [GeneratedRegex("--[a-z-]+")]
    private static partial Regex Word();

    [GeneratedRegex(@"^  (?:-\S+, )*(--[a-z-]+)", RegexOptions.Multiline)]
    private static partial Regex Listed();
}
