using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Sla;

/// <summary>What a service's stream says so far.</summary>
/// <param name="Registered">Its settings; null before it was registered.</param>
/// <param name="ViolatedSince">Start of the first window of the present violation (UTC); null while the agreement is kept.</param>
public sealed record ServiceState(ServiceRegistered? Registered, DateTimeOffset? ViolatedSince) : IState<ServiceState>
{
    /// <inheritdoc />
    public static ServiceState Initial { get; } = new(null, null);

    /// <inheritdoc />
    public static ServiceState Evolve(ServiceState state, IDomainEvent @event)
    {
        ArgumentNullException.ThrowIfNull(state);
        return @event switch
        {
            ServiceRegistered registered => state with { Registered = registered },
            SlaViolated violated => state with { ViolatedSince = state.ViolatedSince ?? violated.WindowFrom },
            SlaSlackDetected => state,
            SlaRestored => state with { ViolatedSince = null },
            _ => throw new UnknownEventException(typeof(ServiceState), @event),
        };
    }
}
