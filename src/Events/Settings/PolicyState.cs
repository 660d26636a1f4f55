using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Settings;

/// <summary>The policy in force in a data centre.</summary>
/// <param name="Current">The last one stated; the program's defaults before any was.</param>
public sealed record PolicyState(Policy Current) : IState<PolicyState>
{
    /// <inheritdoc />
    public static PolicyState Initial { get; } = new(Policy.Default);

    /// <inheritdoc />
    public static PolicyState Evolve(PolicyState state, IDomainEvent @event) => @event switch
    {
        DataCenterConfigured configured => new(configured.Policy),
        _ => throw new UnknownEventException(typeof(PolicyState), @event),
    };
}
