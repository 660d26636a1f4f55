using System.Text.RegularExpressions;
using JustRunIt.Events;
using JustRunIt.Events.Authority;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Hosting.Messaging.Authority;

/// <summary>
/// What a user of the broker may do (rabbitmq.com, "Access control"): regular expressions over the names of exchanges and queues.
/// Nobody may make or remove an exchange of messages: whoever administers the broker makes them.
/// </summary>
/// <param name="Configure">Names of what it may make and remove.</param>
/// <param name="Write">Names of exchanges that it may publish to, and of what it may bind.</param>
/// <param name="Read">Names of queues that it may consume from, and of exchanges that it may bind to.</param>
public sealed record BrokerPermissions(string Configure, string Write, string Read)
{
    /// <summary>Queues that a listener has for itself, as the broker names them.</summary>
    private const string Temporary = @"amq\.gen-.*";

    /// <summary>A name in the middle of a queue's.</summary>
    private const string AnyName = "[A-Za-z0-9._-]+";

    /// <summary>Beside a queue: what cannot be handled, what is delivered again later, what is kept while it is made anew.</summary>
    private const string Aside = @"(_error|_delay_[0-9]+m?s|\.kept|\.remaking)?";

    /// <summary>Those that follow from somebody's role.</summary>
    public static BrokerPermissions Of(Speaker speaker)
    {
        ArgumentNullException.ThrowIfNull(speaker);
        var (role, reader) = (speaker.Role, speaker.ToString());
        List<string> configure = [], write = [], read = [];
        if (!role.Reads.IsEmpty)
        {
            var own = QueuesOf(Regex.Escape(reader), role.Reads) + Aside;
            configure.Add(own);
            write.Add(own);
            read.Add(own);
            read.AddRange(role.Reads.Where(IsPublished).Select(Exchange));
        }

        if (role.Observes)
        {
            var own = role.IsNamed ? $@"justrunit\.{Regex.Escape(reader)}\..+" : null;
            foreach (var name in new[] { Temporary, own }.OfType<string>())
            {
                configure.Add(name);
                write.Add(name);
                read.Add(name);
            }

            read.AddRange(Catalog.Entries.Select(entry => entry.Message).Where(IsPublished).Select(Exchange));
        }

        write.AddRange(role.States.Where(IsPublished).Select(Exchange));
        foreach (var consumer in role.States.Where(message => !IsPublished(message)).SelectMany(ConsumersOf).GroupBy(to => to.Reader))
        {
            var isNamed = Roles.Of(consumer.Key).IsNamed;
            var queues = QueuesOf(AnyOf(consumer.Key), consumer.Select(to => to.Message));
            write.Add(queues);
            // What it commands waits for an agent or a node that has not run yet.
            if (role.Name == Roles.Relay && isNamed)
            {
                configure.Add(queues);
                read.Add(queues);
            }
        }

        if (role.Name == Roles.Returner)
        {
            var all = Catalog.Entries.SelectMany(entry => ConsumersOf(entry.Message)).GroupBy(to => to.Reader)
                .Select(consumer => QueuesOf(AnyOf(consumer.Key), consumer.Select(to => to.Message)))
                .ToList();
            write.AddRange(all);
            read.AddRange(all.Select(queues => queues + "_error"));
        }

        return new BrokerPermissions(Pattern(configure), Pattern(write), Pattern(read));
    }

    /// <summary>Readers of a role, whatever their names.</summary>
    private static string AnyOf(string role) => Regex.Escape(role) + (Roles.Of(role).IsNamed ? $@"\.{AnyName}" : "");

    private static bool IsPublished(Type message) => !message.IsAssignableTo(typeof(ICommand));

    private static string Exchange(Type message) => Regex.Escape(Names.Exchange(message));

    private static IEnumerable<(string Reader, Type Message)> ConsumersOf(Type message) =>
        Catalog.Entries.Single(entry => entry.Message == message).Consumers.Select(consumer => (consumer, message));

    private static string QueuesOf(string reader, IEnumerable<Type> messages) =>
        $@"justrunit\.{reader}\.({string.Join('|', messages.Select(message => Exchange(message)[@"justrunit\.".Length..]))})";

    /// <summary>An empty expression would allow nothing but names that are empty, which the default exchange's is not.</summary>
    private static string Pattern(List<string> names) => names.Count == 0 ? "^$" : $"^({string.Join('|', names)})$";
}
