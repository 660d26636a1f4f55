using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace JustRunIt.Hosting.Tests;

/// <summary>Every kind of log line has a number of its own, by which operators find it, and a row in the document.</summary>
public sealed partial class LogEventIdTests
{
    private static readonly string Repository = Path.GetFullPath(Path.Combine(Here(), "..", ".."));

    private static readonly (string Project, int First)[] Ranges =
    [
        ("Hosting", 1000), ("Events.Store", 1100), ("HostAgent", 1200), ("ProxyNode", 1300), ("Services", 1400), ("Client", 1500),
        ("Console", 1600), ("Demo", 1700), ("Web", 1800),
    ];

    [Fact]
    public void Each_is_given_and_unique_and_in_the_range_of_its_project()
    {
        var found = Find();
        Assert.All(found, entry => Assert.True(entry.Id is not null, $"{entry.Project}: '{entry.Message}' has no EventId"));
        Assert.Equal(found.Count, found.Select(entry => entry.Id).Distinct().Count());
        Assert.All(found, entry =>
        {
            var first = Ranges.First(range => entry.Project.StartsWith(range.Project, StringComparison.Ordinal)).First;
            Assert.True(
                entry.Id >= first && entry.Id < first + 100,
                $"{entry.Project}: '{entry.Message}': {entry.Id}; allowed is {first} to {first + 99}");
        });
    }

    [Fact]
    public void The_documented_lines_are_those_of_the_sources()
    {
        var file = Path.Combine(Repository, "docs", "log-events.md");
        var rows = Find().OrderBy(entry => entry.Id)
            .Select(entry => $"| {entry.Id} | {entry.Level ?? "as given"} | {entry.Project} | `{entry.Message}` |\n");
        var table = $"| id | level | project | message |\n|---|---|---|---|\n{string.Concat(rows)}";
        if (Environment.GetEnvironmentVariable("JUSTRUNIT_APPROVE") == "1" && File.Exists(file))
            File.WriteAllText(file, Table().Replace(File.ReadAllText(file), table.Replace("$", "$$", StringComparison.Ordinal)));
        Assert.Contains(table, File.ReadAllText(file));
    }

    [Fact]
    public void Proxies_log_what_they_are_told_to_do_and_nothing_of_a_request()
    {
        // What carries traffic cannot reach a logger: only the consumers and reporters in Bus/ have one.
        var proxies = Path.Combine(Repository, "src", "ProxyNode");
        Assert.DoesNotContain(
            Directory.EnumerateFiles(proxies, "*.cs", SearchOption.AllDirectories)
                .Where(file => Path.GetRelativePath(proxies, file).Split(Path.DirectorySeparatorChar)[0] is not ("Bus" or "obj" or "bin")),
            file => Logging().IsMatch(File.ReadAllText(file)));
    }

    private static List<(string Project, int? Id, string? Level, string Message)> Find() =>
    [
        .. from file in Directory.EnumerateFiles(Path.Combine(Repository, "src"), "*.cs", SearchOption.AllDirectories)
           let path = Path.GetRelativePath(Path.Combine(Repository, "src"), file).Split(Path.DirectorySeparatorChar)
           where !path.Contains("obj") && !path.Contains("bin")
           from Match attribute in Attribute().Matches(File.ReadAllText(file))
           let text = attribute.Groups[1].Value
           select (
               path[0],
               EventId().Match(text) is { Success: true } id ? int.Parse(id.Groups[1].Value) : (int?)null,
               Level().Match(text) is { Success: true } level ? level.Groups[1].Value : null,
               Message().Match(text).Groups[1].Value),
    ];

    [GeneratedRegex("""\bILogger|Microsoft\.Extensions\.Logging|\bSerilog\b""")]
    private static partial Regex Logging();

    [GeneratedRegex("""\[LoggerMessage\(((?:[^"\]]|"(?:[^"\\]|\\.)*")*)\]""")]
    private static partial Regex Attribute();

    [GeneratedRegex("""^\s*(?:EventId\s*=\s*)?(\d+)""")]
    private static partial Regex EventId();

    [GeneratedRegex("""LogLevel\.(\w+)""")]
    private static partial Regex Level();

    [GeneratedRegex("""Message\s*=\s*"((?:[^"\\]|\\.)*)""")]
    private static partial Regex Message();

    [GeneratedRegex("""\| id \| level .*(\n\|.*)*\n""")]
    private static partial Regex Table();

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
