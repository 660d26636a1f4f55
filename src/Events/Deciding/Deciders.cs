using System.Collections.Immutable;

namespace JustRunIt.Events.Deciding;

/// <summary>
/// All deciders of the domain, with the messages that each answers: for audits, and for the properties that hold for all.
/// </summary>
public static class Deciders
{
    /// <summary>Every decider, by name.</summary>
    public static ImmutableArray<IDecider> All { get; } =
    [
        .. typeof(Deciders).Assembly.GetTypes()
            .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IDecider)))
            .Select(type => (IDecider)Activator.CreateInstance(type)!)
            .OrderBy(decider => decider.Name, StringComparer.Ordinal),
    ];

    /// <summary>The messages that a decider answers.</summary>
    public static IEnumerable<Type> MessagesOf(IDecider decider)
    {
        ArgumentNullException.ThrowIfNull(decider);
        return decider.GetType().GetInterfaces()
            .Where(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IDecider<>))
            .Select(type => type.GetGenericArguments()[0])
            .OrderBy(type => type.Name, StringComparer.Ordinal);
    }
}
