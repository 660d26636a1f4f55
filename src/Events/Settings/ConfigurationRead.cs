using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Settings;

/// <summary>
/// What the Monitor's configuration says at its start. Not sent to anybody: it is the message that the registrations answer, and
/// stands with them as what they rest on.
/// </summary>
/// <param name="DataCenter">The data centre.</param>
/// <param name="Policy">Its policy; the version is counted where it is recorded.</param>
/// <param name="Services">The services as they are put on their streams, but for the time.</param>
/// <param name="All">
/// Names of all services of the configuration, where others than these are told one by one (<see cref="ServiceRead"/>); null where
/// these are all.
/// </param>
[WireName("justrunit.configuration-read.v1")]
public sealed record ConfigurationRead(
    string DataCenter, Policy Policy, IReadOnlyList<ServiceRegistered> Services, IReadOnlyList<string>? All = null) : IReport;
