using System.Collections.Immutable;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Authority;

/// <summary>
/// Who may say what. Most of it follows from <see cref="Catalog"/>; only what an outsider says is told here, since the catalogue does
/// not tell outsiders apart. The broker's permissions, the database's, and what a reader refuses are made of this table.
/// </summary>
public static class Roles
{
    /// <summary>
    /// Hands events to the broker, with the commands and timers that follow from them: whatever services state leaves by it, but for their
    /// answers to reports. It states nothing of its own.
    /// </summary>
    public const string Relay = "relay";

    /// <summary>A person: starts servers, asks what runs, clones by hand, and listens.</summary>
    public const string Operator = "operator";

    /// <summary>A monitor that is not part of the system.</summary>
    public const string OutsideMonitor = "outside-monitor";

    /// <summary>A placement system that is not part of the system: it listens.</summary>
    public const string OutsidePlacement = "outside-placement";

    /// <summary>
    /// Hands back what a reader could not handle, in the name of who said it. No process has it; whoever administers the broker may.
    /// </summary>
    public const string Returner = "returner";

    private static readonly ImmutableArray<string> Services =
        [Catalog.Monitor, Catalog.Experimenter, Catalog.Interpolator, Catalog.Checker, Catalog.Placement];

    /// <summary>What an operator may say besides what the catalogue has from outsiders: a clone by hand.</summary>
    private static readonly ImmutableArray<Type> ByHand = [typeof(CloneVm), typeof(SetAllocation), typeof(DestroyClone)];

    /// <summary>All roles.</summary>
    public static ImmutableArray<Role> All { get; } =
    [
        .. Services.Select(service => new Role(
            service, false, [.. StatedBy(service).Where(IsEvent)], [.. StatedBy(service).Where(IsAnswer)], ReadBy(service))),
        new Role(
            Relay,
            false,
            [],
            [.. Services.SelectMany(service => StatedBy(service).AsEnumerable()).Distinct().Where(message => !IsAnswer(message))],
            []),
        new Role(Catalog.HostAgent, true, [], StatedBy(Catalog.HostAgent), ReadBy(Catalog.HostAgent)),
        // It asks where the servers are that it stands before.
        new Role(
            Catalog.ProxyNode, true, [], [.. StatedBy(Catalog.ProxyNode), typeof(HostsAsked)], ReadBy(Catalog.ProxyNode)),
        new Role(OutsideMonitor, true, [], [typeof(ExternalWindowReported)], [], Observes: true),
        new Role(OutsidePlacement, true, [], [], [], Observes: true),
        new Role(
            Operator,
            false,
            [],
            [.. StatedBy(Catalog.Outsider).Where(message => message != typeof(ExternalWindowReported)), .. ByHand],
            [],
            Observes: true),
        new Role(Returner, false, [], [], []),
    ];

    /// <summary>The services, which own streams.</summary>
    public static IEnumerable<Role> OfServices => All.Where(role => Services.Contains(role.Name));

    /// <summary>The role of a name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static Role Of(string name) =>
        All.FirstOrDefault(role => role.Name == name) ?? throw new ArgumentException($"'{name}' is no role.", nameof(name));

    private static bool IsEvent(Type message) => message.IsAssignableTo(typeof(IDomainEvent));

    /// <summary>A report of a service that somebody hears: it stands on no stream, and the service itself publishes it.</summary>
    private static bool IsAnswer(Type message) => message.IsAssignableTo(typeof(IReport))
        && Catalog.Entries.Single(entry => entry.Message == message) is { Consumers.IsEmpty: false };

    private static ImmutableArray<Type> StatedBy(string producer) =>
        [.. Catalog.Entries.Where(entry => entry.Producer == producer).Select(entry => entry.Message)];

    private static ImmutableArray<Type> ReadBy(string consumer) =>
        [.. Catalog.Entries.Where(entry => entry.Consumers.Contains(consumer)).Select(entry => entry.Message)];
}
