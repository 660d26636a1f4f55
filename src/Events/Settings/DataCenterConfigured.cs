using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Settings;

/// <summary>
/// The rules by which the services of a data centre are managed, or a change of them. On the data centre's policy stream, by
/// the Monitor from its configuration; also where the configuration names none, so that the defaults that were in force then
/// are known.
/// </summary>
/// <param name="DataCenter">The data centre.</param>
/// <param name="Policy">The rules in force from now on.</param>
/// <param name="At">When (UTC).</param>
/// <param name="Services">The services under management from now on; null from an older program, which did not say.</param>
[WireName("justrunit.data-center-configured.v1")]
public sealed record DataCenterConfigured(
    string DataCenter, Policy Policy, DateTimeOffset At, IReadOnlyList<string>? Services = null) : IDomainEvent;
