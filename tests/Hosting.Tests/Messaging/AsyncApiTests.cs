using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using JustRunIt.Events;
using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Messaging;

namespace JustRunIt.Hosting.Tests.Messaging;

/// <summary>The document that outsiders program against says what is on the bus.</summary>
public sealed class AsyncApiTests
{
    private static readonly JsonObject Document = AsyncApi.Document();

    [Fact]
    public void It_is_as_approved()
    {
        var file = Path.GetFullPath(Path.Combine(Here(), "../../../docs/asyncapi.json"));
        var now = AsyncApi.Text();
        if (Environment.GetEnvironmentVariable("JUSTRUNIT_APPROVE") == "1")
            File.WriteAllText(file, now);
        Assert.True(File.Exists(file), $"{file} is missing; run the tests once with JUSTRUNIT_APPROVE=1 and look at the difference");
        Assert.Equal(File.ReadAllText(file), now);
    }

    [Fact]
    public void Every_message_that_is_sent_is_there_with_a_meaning_and_an_example_that_fits_its_schema()
    {
        var messages = Document["components"]!["messages"]!.AsObject();
        var silent = new[] { "justrunit.configuration-read.v1", "justrunit.service-read.v1", "justrunit.tree-read.v1" };
        Assert.Equal(
            Catalog.Entries.Select(entry => Wire.NameOf(entry.Message)).Except(silent).Order(StringComparer.Ordinal),
            messages.Select(message => message.Key));
        foreach (var (name, message) in messages)
        {
            var example = message!["examples"]![0]!["payload"]!;
            using var instance = JsonDocument.Parse(example.ToJsonString());
            var schema = JsonSchema.FromText(message["payload"]!.ToJsonString());
            Assert.True(schema.Evaluate(instance.RootElement).IsValid, name);
            Assert.NotEqual((string)message["title"]!, (string)message["summary"]!);
        }
    }

    [Fact]
    public void Every_queue_of_a_reader_and_every_exchange_is_there()
    {
        var channels = Document["channels"]!.AsObject().Select(channel => (string)channel.Value!["address"]!).ToList();
        Assert.Equal(channels.Count, channels.Distinct().Count());
        foreach (var entry in Catalog.Entries.Where(entry => !entry.Consumers.IsEmpty))
        {
            if (!entry.Message.IsAssignableTo(typeof(ICommand)))
                Assert.Contains(Names.Exchange(entry.Message), channels);
            foreach (var consumer in entry.Consumers)
            {
                var reader = consumer switch
                {
                    Catalog.HostAgent => Names.HostAgent("{agent}"),
                    Catalog.ProxyNode => Names.ProxyNode("{node}"),
                    _ => consumer,
                };
                Assert.Contains(Names.Queue(reader, entry.Message), channels);
            }
        }
    }

    [Fact]
    public void Every_reference_leads_somewhere() => Assert.All(
        References(Document),
        reference => Assert.NotNull(reference[2..].Split('/').Aggregate(
            (JsonNode?)Document, (node, step) => node?[step.Replace("~1", "/", StringComparison.Ordinal)])));

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject fields => fields.SelectMany(
            field => field.Key == "$ref" ? [(string)field.Value!] : References(field.Value)),
        JsonArray items => items.SelectMany(References),
        _ => [],
    };

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
