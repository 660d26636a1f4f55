using System.Collections.Frozen;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Authority;

/// <summary>Somebody who has a role, and a name where the role has names.</summary>
/// <param name="Role">The role.</param>
/// <param name="Name">The name; null where the role has none.</param>
public sealed record Speaker(Role Role, string? Name)
{
    /// <summary>For whom each message speaks that only the one of that name may say.</summary>
    private static readonly FrozenDictionary<Type, Func<object, string>> Selves = new Dictionary<Type, Func<object, string>>
    {
        [typeof(MachineAnnounced)] = m => ((MachineAnnounced)m).Agent,
        [typeof(VmStarted)] = m => ((VmStarted)m).Agent,
        [typeof(VmStartFailed)] = m => ((VmStartFailed)m).Agent,
        [typeof(PowerMeasured)] = m => ((PowerMeasured)m).Agent,
        [typeof(VmCloned)] = m => ((VmCloned)m).Agent,
        [typeof(VmCloneFailed)] = m => ((VmCloneFailed)m).Agent,
        [typeof(CloneDestroyed)] = m => ((CloneDestroyed)m).Agent,
        [typeof(AllocationSet)] = m => ((AllocationSet)m).Agent,
        [typeof(AllocationRefused)] = m => ((AllocationRefused)m).Agent,
        [typeof(VmMigrated)] = m => ((VmMigrated)m).Agent,
        [typeof(VmMigrationFailed)] = m => ((VmMigrationFailed)m).Agent,
        [typeof(VmExited)] = m => ((VmExited)m).Agent,
        [typeof(VmQuarantined)] = m => ((VmQuarantined)m).Agent,
        [typeof(VmSettled)] = m => ((VmSettled)m).Agent,
        [typeof(HostReported)] = m => ((HostReported)m).Agent,
        [typeof(ResponseTimesMeasured)] = m => ((ResponseTimesMeasured)m).ProxyNode,
        [typeof(ReplayStopped)] = m => ((ReplayStopped)m).ProxyNode,
        [typeof(ReplayMeasured)] = m => ((ReplayMeasured)m).ProxyNode,
        [typeof(ExternalWindowReported)] = m => ((ExternalWindowReported)m).Monitor,
    }.ToFrozenDictionary();

    /// <summary>Commands that say for which stream they are given, and so who gives them.</summary>
    private static readonly FrozenDictionary<Type, (Func<object, string> Subject, string[] Services)> Subjects =
        new Dictionary<Type, (Func<object, string>, string[])>
        {
            [typeof(CloneVm)] = (m => ((CloneVm)m).Subject, [Catalog.Experimenter]),
            [typeof(DestroyClone)] = (m => ((DestroyClone)m).Subject, [Catalog.Experimenter]),
            [typeof(SetAllocation)] = (m => ((SetAllocation)m).Subject, [Catalog.Experimenter, Catalog.Placement]),
            [typeof(MigrateVm)] = (m => ((MigrateVm)m).Subject, [Catalog.Placement]),
            [typeof(StartReplay)] = (m => ((StartReplay)m).Subject, [Catalog.Experimenter]),
            [typeof(StopReplay)] = (m => ((StopReplay)m).Subject, [Catalog.Experimenter]),
        }.ToFrozenDictionary();

    /// <summary>As users are named: the role, and behind a dot the name.</summary>
    public override string ToString() => Name is null ? Role.Name : $"{Role.Name}.{Name}";

    /// <summary>Messages of which each says for whom it speaks.</summary>
    public static IEnumerable<Type> SayForWhom => Selves.Keys;

    /// <summary>Reads what <see cref="ToString"/> writes; null when it is no role, or a name is missing or too much.</summary>
    public static Speaker? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        foreach (var role in Roles.All)
        {
            if (!role.IsNamed && text == role.Name)
                return new Speaker(role, null);
            if (role.IsNamed && text.Length > role.Name.Length + 1 && text.StartsWith(role.Name + '.', StringComparison.Ordinal))
                return new Speaker(role, text[(role.Name.Length + 1)..]);
        }

        return null;
    }

    /// <summary>Why this speaker may say no message of a type; null when it may.</summary>
    public string? WhyNever(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return Role.States.Contains(type) ? null : $"{this} may not state {Wire.NameOf(type)}";
    }

    /// <summary>Why this speaker may not say a message; null when it may.</summary>
    public string? WhyNot(object message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var type = message.GetType();
        if (WhyNever(type) is { } never)
            return never;
        if (Name is not null && Selves.TryGetValue(type, out var self) && self(message) != Name)
            return $"{this} speaks for '{self(message)}'; allowed is {Name}";
        if (!Subjects.TryGetValue(type, out var subjects))
            return null;
        var subject = subjects.Subject(message);
        return OwnerOf(subject) is { } service
            ? Role.Name == Roles.Relay && subjects.Services.Contains(service)
                ? null
                : $"{this} gives {Wire.NameOf(type)} for '{subject}'; allowed is {AllowedSubjects(subjects.Services)}"
            : Role.Name == Roles.Relay
                ? $"subject: '{subject}' is the stream of no service; allowed is {AllowedSubjects(subjects.Services)}"
                : null;
    }

    private string AllowedSubjects(string[] services) => Role.Name == Roles.Relay
        ? string.Join(" or ", services.Select(service => service == Catalog.Placement ? "a data centre's stream" : "a matrix' stream"))
        : "what is no stream";

    /// <summary>The service that gives commands for a stream; null where it is none.</summary>
    private static string? OwnerOf(string subject) =>
        Streams.IsMatrix(subject, out _) ? Catalog.Experimenter
        : Streams.IsDataCenter(subject, out _) ? Catalog.Placement
        : null;
}
