using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using JustRunIt.Events;
using JustRunIt.Events.Authority;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Hosting.Messaging.Authority;

/// <summary>
/// Everything that a broker must have before the first process, as it imports it (<c>rabbitmqctl import_definitions</c>, or the
/// management interface): users with their permissions, and all exchanges and queues with their bindings, so that nothing is missed
/// that is said before its reader has run. What is there already is left as it is.
/// </summary>
public static class BrokerDefinitions
{
    private const int SaltBytes = 4;

    /// <summary>The definitions of one virtual host.</summary>
    /// <param name="virtualHost">Its name; it is made where it is missing.</param>
    /// <param name="prefix">What the users have in common.</param>
    /// <param name="passwords">The password of each.</param>
    public static JsonObject Of(string virtualHost, string prefix, IReadOnlyDictionary<Speaker, string> passwords)
    {
        ArgumentNullException.ThrowIfNull(passwords);
        var (exchanges, queues, bindings) = (new JsonArray(), new JsonArray(), new JsonArray());
        foreach (var entry in Catalog.Entries)
        {
            var isCommand = entry.Message.IsAssignableTo(typeof(ICommand));
            if (!isCommand)
                exchanges.Add(Exchange(Names.Exchange(entry.Message)));
            foreach (var reader in entry.Consumers.SelectMany(consumer => ReadersOf(consumer, passwords.Keys)))
            {
                var queue = Names.Queue(reader, entry.Message);
                exchanges.Add(Exchange(queue));
                queues.Add(new JsonObject
                {
                    ["name"] = queue,
                    ["vhost"] = virtualHost,
                    ["durable"] = true,
                    ["auto_delete"] = false,
                    ["arguments"] = entry.InOrder
                        ? new JsonObject { ["x-queue-type"] = "quorum", ["x-single-active-consumer"] = true }
                        : new JsonObject { ["x-queue-type"] = "quorum" },
                });
                bindings.Add(Binding(queue, queue, "queue"));
                if (!isCommand)
                    bindings.Add(Binding(Names.Exchange(entry.Message), queue, "exchange"));
            }
        }

        return new JsonObject
        {
            ["vhosts"] = new JsonArray(new JsonObject { ["name"] = virtualHost }),
            ["users"] = new JsonArray([.. passwords.Select(entry => User(prefix + entry.Key, entry.Value))]),
            ["permissions"] = new JsonArray([.. passwords.Keys.Select(speaker => Permission(virtualHost, prefix, speaker))]),
            ["exchanges"] = exchanges,
            ["queues"] = queues,
            ["bindings"] = bindings,
        };

        JsonObject Exchange(string name) => new()
        {
            ["name"] = name,
            ["vhost"] = virtualHost,
            ["type"] = "fanout",
            ["durable"] = true,
            ["auto_delete"] = false,
            ["internal"] = false,
            ["arguments"] = new JsonObject(),
        };

        JsonObject Binding(string source, string destination, string type) => new()
        {
            ["source"] = source,
            ["vhost"] = virtualHost,
            ["destination"] = destination,
            ["destination_type"] = type,
            ["routing_key"] = "",
            ["arguments"] = new JsonObject(),
        };
    }

    private static IEnumerable<string> ReadersOf(string consumer, IEnumerable<Speaker> speakers) => Roles.Of(consumer).IsNamed
        ? speakers.Where(speaker => speaker.Role.Name == consumer).Select(speaker => speaker.ToString())
        : [consumer];

    private static JsonObject Permission(string virtualHost, string prefix, Speaker speaker)
    {
        var permissions = BrokerPermissions.Of(speaker);
        return new JsonObject
        {
            ["user"] = prefix + speaker,
            ["vhost"] = virtualHost,
            ["configure"] = permissions.Configure,
            ["write"] = permissions.Write,
            ["read"] = permissions.Read,
        };
    }

    /// <summary>RabbitMQ keeps a salt, and the SHA-256 hash of it and the password (rabbitmq.com, "Password hashing").</summary>
    private static JsonObject User(string name, string password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return new JsonObject
        {
            ["name"] = name,
            ["password_hash"] = Convert.ToBase64String([.. salt, .. SHA256.HashData([.. salt, .. Encoding.UTF8.GetBytes(password)])]),
            ["hashing_algorithm"] = "rabbit_password_hashing_sha256",
            ["tags"] = "",
        };
    }
}
