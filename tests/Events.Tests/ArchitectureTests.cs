using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Sealing;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Timers;

namespace JustRunIt.Events.Tests;

/// <summary>
/// The house of DESIGN §2: dependencies point down, no service knows another, and the catalogue of events is the documented one.
/// </summary>
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
    [InlineData("Client", "Events.Store.csproj")]
    [InlineData("Console", "Client.csproj")]
    [InlineData("Demo", "Client.csproj")]
    public void Dependencies_point_down(string project, params string[] references) =>
        Assert.Equal(references, References(Path.Combine(Repository, "src", project, $"{project}.csproj")));

    [Fact]
    public void The_domain_bans_clock_randomness_and_waiting()
    {
        var project = File.ReadAllText(Path.Combine(Repository, "src", "Events", "Events.csproj"));
        Assert.Contains("Microsoft.CodeAnalysis.BannedApiAnalyzers", project);
        var banned = File.ReadAllText(Path.Combine(Repository, "src", "Events", "BannedSymbols.txt"));
        Assert.All(
            [
                "System.DateTime.UtcNow",
                "System.DateTimeOffset.UtcNow",
                "System.Random.Shared",
                "System.Guid.NewGuid",
                "System.Threading.Tasks.Task.Delay"
            ],
            symbol => Assert.Contains(symbol, banned));
    }

    /// <summary>A folder is a room: what it needs lies in other rooms, and no way leads back. The root puts all together.</summary>
    [Fact]
    public void Folders_of_the_domain_have_no_cycle()
    {
        const string root = "JustRunIt.Events";
        var source = Path.Combine(Repository, "src", "Events");
        var needs = Directory.GetFiles(source, "*.cs", SearchOption.AllDirectories)
            .Where(file => !Regex.IsMatch(file, "[/\\\\](obj|bin)[/\\\\]"))
            .Select(File.ReadAllText)
            .Select(text => (Room: Regex.Match(text, @"^namespace ([\w.]+);", RegexOptions.Multiline).Groups[1].Value, text))
            .Where(file => file.Room != root)
            .GroupBy(file => file.Room)
            .ToDictionary(
                room => room.Key,
                room => room.SelectMany(file => Regex.Matches(file.text, @"^using (JustRunIt\.Events\.[\w.]+);", RegexOptions.Multiline))
                    .Select(match => match.Groups[1].Value)
                    .Append(Parent(room.Key))
                    .Where(needed => needed != root && needed != room.Key)
                    .Distinct()
                    .Where(needed => needed != Parent(room.Key) || Uses(room.Select(file => file.text), needed))
                    .Order()
                    .ToList());
        Assert.All(needs.Keys, room => Assert.True(Way(room, room, []) is not { } way, $"{string.Join(" → ", Way(room, room, []) ?? [])}"));

        static string Parent(string room) => room[..room.LastIndexOf('.')];

        // Types of the folder above are in reach without a using: named in the text, they are used.
        bool Uses(IEnumerable<string> texts, string parent) =>
            Types(parent).Any(type => texts.Any(text => Regex.IsMatch(text, $@"\b{type}\b")));

        IEnumerable<string> Types(string room) => Wire.Types.Concat(typeof(Wire).Assembly.GetTypes())
            .Where(type => type.Namespace == room && !type.IsNested).Select(type => type.Name.Split('`')[0]).Distinct();

        List<string>? Way(string from, string to, HashSet<string> seen)
        {
            foreach (var next in needs.GetValueOrDefault(from, []))
            {
                if (next == to)
                    return [from, next];
                if (seen.Add(next) && Way(next, to, seen) is { } rest)
                    return [from, .. rest];
            }

            return null;
        }
    }

    [Fact]
    public void Every_command_follows_from_an_event_and_has_one_destination()
    {
        // Started by people, and passed from one agent to another; timers follow from events by a table of their own.
        var others = new[] { typeof(StartVm), typeof(SettleVm), typeof(ForgetMachine), typeof(ReceiveVm), typeof(TimerElapsed) };
        var sent = Consequences.CommandSources
            .SelectMany(source => Consequences.CommandsOf((IDomainEvent)ContractTests.ExampleOf(source), Guid.NewGuid()))
            .Select(command => command.GetType());
        var commands = Wire.Types.Where(type => type.IsAssignableTo(typeof(ICommand))).ToList();
        Assert.Equal(commands.Select(type => type.Name).Order(), sent.Concat(others).Distinct().Select(type => type.Name).Order());
        Assert.All(
            commands.Except([typeof(TimerElapsed)]),
            command => Assert.Single(Catalog.Entries.Single(entry => entry.Message == command).Consumers));
    }

    [Fact]
    public void Every_decider_answers_messages_that_its_service_hears() => Assert.All(
        Deciders.All.SelectMany(Deciders.MessagesOf).Except([typeof(ConfigurationRead), typeof(ServiceRead), typeof(TreeRead)]),
        message => Assert.NotEmpty(Catalog.Entries.Single(entry => entry.Message == message).Consumers));

    [Fact]
    public void Every_message_is_in_the_catalogue_once() =>
        Assert.Equal(Wire.Types.Select(Wire.NameOf).Order(), Catalog.Entries.Select(entry => Wire.NameOf(entry.Message)).Order());

    [Fact]
    public void Every_event_has_one_file_of_its_name() => Assert.All(
        Wire.Types,
        type => Assert.Single(
            Directory.GetFiles(Path.Combine(Repository, "src", "Events"), $"{type.Name}.cs", SearchOption.AllDirectories)));

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
            table.Append($"| {entry.Message.Name} | [{name}](schemas/{name}.json) | {entry.Producer} | "
                + $"{string.Join(", ", entry.Consumers)} | {Meaning(entry.Message)} |\n");
        }

        return table.ToString();
    }

    /// <summary>The first sentence of a message's doc comment.</summary>
    private static string Meaning(Type message)
    {
        var file = Directory
            .GetFiles(Path.Combine(Repository, "src", "Events"), $"{message.Name}.cs", SearchOption.AllDirectories)
            .Single();
        var summary = Regex.Match(File.ReadAllText(file), @"<summary>(.*?)</summary>", RegexOptions.Singleline).Groups[1].Value;
        var text = Regex.Replace(summary.Replace("///", " "), @"<see cref=""([^""]*)"" ?/>", match => match.Groups[1].Value.Split('.')[^1]);
        text = Regex.Replace(text, @"\s+", " ").Trim();
        return Regex.Match(text, @"^.*?[.](?= [A-Z]|$)") is { Success: true } sentence ? sentence.Value : text;
    }

    private static IEnumerable<string> References(string project) => XDocument.Load(project).Descendants("ProjectReference")
        .Select(reference => Path.GetFileName(reference.Attribute("Include")!.Value.Replace('\\', '/')));

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
