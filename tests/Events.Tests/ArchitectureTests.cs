using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Tests;

/// <summary>The house of DESIGN §2: dependencies point down, no service knows another, and the catalogue of events is the documented one.</summary>
public sealed class ArchitectureTests
{
    private static readonly string Repository = Path.GetFullPath(Path.Combine(Here(), "..", ".."));

    [Fact]
    public void No_service_references_another()
    {
        foreach (var project in Directory.GetFiles(Path.Combine(Repository, "src"), "Services.*.csproj", SearchOption.AllDirectories))
            Assert.Equal(["Events.Store.csproj"], References(project));
    }

    [Theory]
    [InlineData("Events")]
    [InlineData("Hosting", "Events.csproj")]
    [InlineData("Events.Store", "Events.csproj", "Hosting.csproj")]
    [InlineData("HostAgent", "Hosting.csproj")]
    [InlineData("ProxyNode", "Hosting.csproj")]
    [InlineData("Console", "Events.Store.csproj")]
    public void Dependencies_point_down(string project, params string[] references) =>
        Assert.Equal(references, References(Path.Combine(Repository, "src", project, $"{project}.csproj")));

    [Fact]
    public void The_domain_bans_clock_randomness_and_waiting()
    {
        var project = File.ReadAllText(Path.Combine(Repository, "src", "Events", "Events.csproj"));
        Assert.Contains("Microsoft.CodeAnalysis.BannedApiAnalyzers", project);
        var banned = File.ReadAllText(Path.Combine(Repository, "src", "Events", "BannedSymbols.txt"));
        Assert.All(
            ["System.DateTime.UtcNow", "System.DateTimeOffset.UtcNow", "System.Random.Shared", "System.Guid.NewGuid", "System.Threading.Tasks.Task.Delay"],
            symbol => Assert.Contains(symbol, banned));
    }

    [Fact]
    public void Every_message_is_in_the_catalogue_once() =>
        Assert.Equal(Wire.Types.Select(Wire.NameOf).Order(), Catalog.Entries.Select(entry => Wire.NameOf(entry.Message)).Order());

    [Fact]
    public void Every_event_has_one_file_of_its_name() => Assert.All(
        Wire.Types,
        type => Assert.Single(Directory.GetFiles(Path.Combine(Repository, "src", "Events"), $"{type.Name}.cs", SearchOption.AllDirectories)));

    [Fact]
    public void The_documented_events_are_those_of_the_catalogue_with_their_producers_and_consumers()
    {
        var file = Path.Combine(Repository, "docs", "events.md");
        var table = Table();
        if (Environment.GetEnvironmentVariable("JUSTRUNIT_APPROVE") == "1" && File.Exists(file))
            File.WriteAllText(file, Regex.Replace(File.ReadAllText(file), @"\| message \|.*(\n\|.*)*\n", table.Replace("$", "$$")));
        Assert.Contains(table, File.ReadAllText(file));
    }

    private static string Table()
    {
        var table = new StringBuilder("| message | wire name | stated by | heard by | meaning |\n|---|---|---|---|---|\n");
        foreach (var entry in Catalog.Entries)
        {
            var name = Wire.NameOf(entry.Message);
            table.Append($"| {entry.Message.Name} | [{name}](schemas/{name}.json) | {entry.Producer} | {string.Join(", ", entry.Consumers)} | {Meaning(entry.Message)} |\n");
        }

        return table.ToString();
    }

    /// <summary>The first sentence of a message's doc comment.</summary>
    private static string Meaning(Type message)
    {
        var file = Directory.GetFiles(Path.Combine(Repository, "src", "Events"), $"{message.Name}.cs", SearchOption.AllDirectories).Single();
        var summary = Regex.Match(File.ReadAllText(file), @"<summary>(.*?)</summary>", RegexOptions.Singleline).Groups[1].Value;
        var text = Regex.Replace(summary.Replace("///", " "), @"<see cref=""([^""]*)"" ?/>", match => match.Groups[1].Value.Split('.')[^1]);
        text = Regex.Replace(text, @"\s+", " ").Trim();
        return Regex.Match(text, @"^.*?[.](?= [A-Z]|$)") is { Success: true } sentence ? sentence.Value : text;
    }

    private static IEnumerable<string> References(string project) => XDocument.Load(project).Descendants("ProjectReference")
        .Select(reference => Path.GetFileName(reference.Attribute("Include")!.Value.Replace('\\', '/')));

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
