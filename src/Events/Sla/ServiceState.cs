using System.Collections.Immutable;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Settings;

namespace JustRunIt.Events.Sla;

/// <summary>What a service's stream says so far.</summary>
/// <param name="Registered">Its settings; null before it was registered.</param>
/// <param name="Violations">Violations that are not restored, by source (<see cref="SlaSource"/>).</param>
/// <param name="IsWithdrawn">Whether it was under management, and is no longer.</param>
public sealed record ServiceState(
    ServiceRegistered? Registered,
    ImmutableSortedDictionary<string, OpenViolation> Violations,
    bool IsWithdrawn = false) : IState<ServiceState>
{
    /// <inheritdoc />
    public static ServiceState Initial { get; } =
        new(null, ImmutableSortedDictionary.Create<string, OpenViolation>(StringComparer.Ordinal));

    /// <inheritdoc />
    public static ServiceState Evolve(ServiceState state, IDomainEvent @event)
    {
        ArgumentNullException.ThrowIfNull(state);
        return @event switch
        {
            // Under another agreement nothing is violated yet.
            ServiceRegistered e => state with
            {
                Registered = e,
                IsWithdrawn = false,
                Violations = state.Registered?.Level == e.Level
                ? state.Violations
                : Initial.Violations
            },
            ServiceWithdrawn => Initial with { IsWithdrawn = true },
            SlaViolated e => state with
            {
                Violations = state.Violations.SetItem(
                    SlaSource.Key(e.Source, e.External, e.Agreement.Metric), new OpenViolation(e.Since, e.Value)),
            },
            SlaSlackDetected => state,
            SlaRestored e => state with
            {
                Violations = state.Violations.Remove(SlaSource.Key(e.Source, e.External, e.Agreement.Metric)),
            },
            _ => throw new UnknownEventException(typeof(ServiceState), @event),
        };
    }
}
