using System.Globalization;
using JustRunIt.Events;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Timers;

namespace JustRunIt.Hosting.Messaging;

/// <summary>Names of exchanges and queues. An exchange bears a message's wire name; a queue its reader's and the message's.</summary>
public static class Names
{
    private const string Prefix = "justrunit.";

    /// <summary>The exchange of a message.</summary>
    public static string Exchange(Type message) => Wire.NameOf(message);

    /// <summary>The queue of a reader for a message, for example <c>justrunit.checker.interpolation-used.v1</c>.</summary>
    public static string Queue(string reader, Type message) => $"{Prefix}{reader}.{Exchange(message)[Prefix.Length..]}";

    /// <summary>
    /// The queue, and the exchange before it, in which messages of a queue wait before they are delivered again, for example
    /// <c>justrunit.checker.interpolation-used.v1_delay_5s</c>.
    /// </summary>
    public static string DelayQueue(string queue, TimeSpan delay) => delay.TotalMilliseconds % 1000 == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{queue}_delay_{delay.TotalSeconds:0}s")
        : string.Create(CultureInfo.InvariantCulture, $"{queue}_delay_{delay.TotalMilliseconds:0}ms");

    /// <summary>Whether a queue is one of an agent or a node, of which there are many.</summary>
    internal static bool IsOfNamed(string queue) =>
        queue.StartsWith($"{Prefix}{Catalog.HostAgent}.", StringComparison.Ordinal)
        || queue.StartsWith($"{Prefix}{Catalog.ProxyNode}.", StringComparison.Ordinal);

    /// <summary>Name under which one host agent reads.</summary>
    public static string HostAgent(string agent) => $"{Catalog.HostAgent}.{agent}";

    /// <summary>Name under which one proxy node reads.</summary>
    public static string ProxyNode(string node) => $"{Catalog.ProxyNode}.{node}";

    /// <summary>The name of its own by which a reader is known: an agent's or a node's, else the service's.</summary>
    public static string Own(string reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        foreach (var kind in new[] { Catalog.HostAgent, Catalog.ProxyNode })
        {
            if (reader.StartsWith($"{kind}.", StringComparison.Ordinal))
                return reader[(kind.Length + 1)..];
        }

        return reader;
    }

    /// <summary>The one queue that a command goes to.</summary>
    /// <exception cref="ArgumentException">The command has no destination.</exception>
    public static string Destination(ICommand command) => command switch
    {
        IAgentCommand c => Queue(HostAgent(c.Agent), command.GetType()),
        INodeCommand c => Queue(ProxyNode(c.ProxyNode), command.GetType()),
        TimerElapsed c => Queue(Streams.IsDataCenter(c.Stream, out _) ? Catalog.Placement : Catalog.Experimenter, typeof(TimerElapsed)),
        _ when Catalog.Entries.Single(entry => entry.Message == command.GetType()).Consumers is [var only] => Queue(
            only, command.GetType()),
        _ => throw new ArgumentException($"{command.GetType().Name} has no destination.", nameof(command)),
    };
}
