using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using JustRunIt.Events;
using JustRunIt.Events.Authority;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Proxies;

namespace JustRunIt.Hosting.Messaging;

/// <summary>
/// What travels over the bus, as an AsyncAPI document (version 3.0.0, with the AMQP bindings 0.3.0): every exchange and queue, every
/// message with its schema and an example, who sends it and who receives it. Made from the contracts, so that it says what the processes
/// do.
/// </summary>
public static partial class AsyncApi
{
    private const string BindingVersion = "0.3.0";
    private const string VirtualHost = "/";
    private const string Json = "application/json";

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly Lazy<Dictionary<string, string>> Meanings = new(ReadMeanings);

    /// <summary>The document as text, with its end.</summary>
    public static string Text() => Document().ToJsonString(Indented) + "\n";

    /// <summary>The document.</summary>
    public static JsonObject Document()
    {
        var (channels, operations, messages) = (new JsonObject(), new JsonObject(), new JsonObject());
        foreach (var entry in Catalog.Entries.OrderBy(entry => Wire.NameOf(entry.Message), StringComparer.Ordinal))
        {
            // What a service reads of its own files is sent to nobody.
            if (IsSent(entry))
                Add(entry, channels, operations, messages);
        }

        return new JsonObject
        {
            ["asyncapi"] = "3.0.0",
            ["info"] = new JsonObject
            {
                ["title"] = "JustRunIt.Events",
                ["version"] = "1",
                ["description"] =
                    "Messages of JustRunIt over RabbitMQ (AMQP 0-9-1): events that stand on streams, commands, and reports. Bodies are "
                    + "JSON without an envelope. Who may say and hear what: x-said-by and x-heard-by name roles (docs/roles.md).",
            },
            ["defaultContentType"] = Json,
            ["servers"] = new JsonObject
            {
                ["broker"] = new JsonObject
                {
                    ["host"] = "{address}",
                    ["protocol"] = "amqp",
                    ["protocolVersion"] = "0.9.1",
                    ["variables"] = new JsonObject { ["address"] = new JsonObject { ["default"] = "127.0.0.1:5672" } },
                },
            },
            ["channels"] = channels,
            ["operations"] = operations,
            ["components"] = new JsonObject { ["messages"] = messages, ["schemas"] = new JsonObject { ["headers"] = Headers() } },
        };
    }

    private static bool IsSent(Catalog.Entry entry) =>
        !entry.Message.IsAssignableTo(typeof(IReport)) || entry.Producer is Catalog.HostAgent or Catalog.ProxyNode or Catalog.Outsider
        || !entry.Consumers.IsEmpty;

    private static void Add(Catalog.Entry entry, JsonObject channels, JsonObject operations, JsonObject messages)
    {
        var wireName = Wire.NameOf(entry.Message);
        var isCommand = entry.Message.IsAssignableTo(typeof(ICommand));
        messages[wireName] = Message(entry.Message, wireName);
        if (!isCommand)
        {
            channels[wireName] = Channel(wireName, wireName, new JsonObject
            {
                ["is"] = "routingKey",
                ["exchange"] = new JsonObject
                {
                    ["name"] = wireName,
                    ["type"] = "fanout",
                    ["durable"] = true,
                    ["autoDelete"] = false,
                    ["vhost"] = VirtualHost,
                },
                ["bindingVersion"] = BindingVersion,
            });
            operations[$"send.{wireName}"] = Operation("send", entry.Message, wireName, wireName, Says(entry.Message), "x-said-by");
        }

        foreach (var consumer in entry.Consumers)
        {
            var (reader, parameter) = Reader(consumer);
            var queue = Names.Queue(reader, entry.Message);
            var channel = Channel(queue, wireName, new JsonObject
            {
                ["is"] = "queue",
                ["queue"] = new JsonObject
                {
                    ["name"] = queue,
                    ["durable"] = true,
                    ["exclusive"] = false,
                    ["autoDelete"] = false,
                    ["vhost"] = VirtualHost,
                },
                ["bindingVersion"] = BindingVersion,
            });
            if (parameter is not null)
                channel["parameters"] = new JsonObject { [parameter] = new JsonObject { ["description"] = $"the {consumer}'s name" } };
            channel["x-queue-type"] = "quorum";
            if (entry.InOrder)
                channel["x-single-active-consumer"] = true;
            var id = $"{consumer}/{wireName}";
            channels[id] = channel;
            operations[$"receive.{consumer}.{wireName}"] = Operation("receive", entry.Message, wireName, id, [consumer], "x-heard-by");
            if (isCommand)
            {
                operations[$"send.{consumer}.{wireName}"] =
                    Operation("send", entry.Message, wireName, id, Says(entry.Message), "x-said-by");
            }
        }
    }

    /// <summary>The name under which somebody reads; of agents and nodes, of which there are many, with a parameter in it.</summary>
    private static (string Reader, string? Parameter) Reader(string consumer) => consumer switch
    {
        Catalog.HostAgent => (Names.HostAgent("{agent}"), "agent"),
        Catalog.ProxyNode => (Names.ProxyNode("{node}"), "node"),
        _ => (consumer, null),
    };

    private static IEnumerable<string> Says(Type message) => Roles.All
        .Where(role => role.Appends.Contains(message) || (role.States.Contains(message) && role.Name != Roles.Relay))
        .Select(role => role.Name)
        .DefaultIfEmpty(Catalog.Entries.Single(entry => entry.Message == message).Producer);

    private static JsonObject Channel(string address, string wireName, JsonObject amqp) => new()
    {
        ["address"] = address,
        ["messages"] = new JsonObject { [wireName] = Reference($"#/components/messages/{wireName}") },
        ["bindings"] = new JsonObject { ["amqp"] = amqp },
    };

    private static JsonObject Operation(
        string action, Type message, string wireName, string channel, IEnumerable<string> roles, string whose)
    {
        var at = $"#/channels/{channel.Replace("/", "~1", StringComparison.Ordinal)}";
        return new JsonObject
        {
            ["action"] = action,
            ["channel"] = Reference(at),
            ["messages"] = new JsonArray(Reference($"{at}/messages/{wireName}")),
            ["summary"] = Meaning(message),
            ["bindings"] = new JsonObject
            {
                ["amqp"] = action == "send"
                    ? new JsonObject { ["deliveryMode"] = 2, ["bindingVersion"] = BindingVersion }
                    : new JsonObject { ["ack"] = true, ["bindingVersion"] = BindingVersion },
            },
            [whose] = new JsonArray([.. roles.Select(role => (JsonNode)role)]),
        };
    }

    private static JsonObject Message(Type message, string wireName) => new()
    {
        ["name"] = wireName,
        ["title"] = message.Name,
        ["summary"] = Meaning(message),
        ["contentType"] = Json,
        ["correlationId"] = new JsonObject
        {
            ["description"] = "the AMQP property correlation_id, or this header: the same for everything that one trigger led to",
            ["location"] = $"$message.header#/{MessageHeaders.CorrelationHeader}",
        },
        ["headers"] = Reference("#/components/schemas/headers"),
        ["payload"] = Schemas.Of(message),
        ["bindings"] = new JsonObject { ["amqp"] = new JsonObject { ["messageType"] = wireName, ["bindingVersion"] = BindingVersion } },
        ["examples"] = new JsonArray(new JsonObject
        {
            ["payload"] = JsonSerializer.SerializeToNode(Examples.Of(message), message, Wire.Json),
        }),
    };

    private static JsonObject Headers()
    {
        var told = new (string Name, string Type, string Says)[]
        {
            ("cloudEvents:specversion", "string", "1.0"),
            ("cloudEvents:id", "string", "the message's id, also the AMQP property message_id: a message that comes twice has the same"),
            ("cloudEvents:source", "string", "its stream, behind a slash"),
            ("cloudEvents:type", "string", "its wire name"),
            ("cloudEvents:time", "string", "when it was appended (UTC)"),
            (MessageHeaders.StreamHeader, "string", "the stream that an event stands on"),
            (MessageHeaders.VersionHeader, "integer", "its version there"),
            (MessageHeaders.CausationHeader, "string", "id of the message or event that it follows from"),
            (MessageHeaders.CorrelationHeader, "string", "for senders that cannot set the AMQP property correlation_id"),
        };
        var properties = new JsonObject();
        foreach (var (name, type, says) in told)
            properties[name] = new JsonObject { ["type"] = type, ["description"] = says };
        return new JsonObject { ["type"] = "object", ["properties"] = properties };
    }

    private static JsonObject Reference(string to) => new() { ["$ref"] = to };

    /// <summary>The first sentence of a message's doc comment; its name where the comments are not beside the program.</summary>
    private static string Meaning(Type message) => Meanings.Value.GetValueOrDefault(message.FullName!, message.Name);

    private static Dictionary<string, string> ReadMeanings()
    {
        var file = Path.ChangeExtension(typeof(Wire).Assembly.Location, ".xml");
        if (!File.Exists(file))
            return [];
        return XDocument.Load(file).Descendants("member")
            .Where(member => member.Attribute("name")!.Value.StartsWith("T:", StringComparison.Ordinal))
            .ToDictionary(member => member.Attribute("name")!.Value[2..], member => FirstSentence(member.Element("summary")));
    }

    private static string FirstSentence(XElement? summary)
    {
        var text = string.Concat((summary?.Nodes() ?? []).Select(node => node switch
        {
            XText plain => plain.Value,
            XElement { Name.LocalName: "see" } see => see.Attribute("cref")?.Value.Split('.', ':')[^1] ?? "",
            XElement other => other.Value,
            _ => "",
        }));
        text = Spaces().Replace(text, " ").Trim();
        return Sentence().Match(text) is { Success: true } sentence ? sentence.Value : text;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"^.*?[.](?= [A-Z]|$)")]
    private static partial Regex Sentence();
}
