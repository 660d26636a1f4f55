using System.Collections.Immutable;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Settings;

/// <summary>The policy in force in a data centre.</summary>
/// <param name="Current">The last one stated; the program's defaults before any was.</param>
/// <param name="Services">The services that were last said to be under management.</param>
public sealed record PolicyState(Policy Current, ImmutableArray<string> Services) : IState<PolicyState>
{
    /// <inheritdoc />
    public static PolicyState Initial { get; } = new(Policy.Default, []);

    /// <inheritdoc />
    public static PolicyState Evolve(PolicyState state, IDomainEvent @event) => @event switch
    {
        DataCenterConfigured configured => new(configured.Policy, [.. configured.Services ?? state.Services]),
        _ => throw new UnknownEventException(typeof(PolicyState), @event),
    };
}
