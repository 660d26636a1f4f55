using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Hosts;

/// <summary>An operator asks every host agent what it runs. Answered by a <see cref="HostReported"/> of each.</summary>
/// <param name="RequestId">Repeated in the answers.</param>
[WireName("justrunit.hosts-asked.v1")]
public sealed record HostsAsked(Guid RequestId) : IReport;
