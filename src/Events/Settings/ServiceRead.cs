using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Settings;

/// <summary>
/// What the Monitor's configuration says of one service at its start, after <see cref="ConfigurationRead"/>. Not sent to anybody.
/// </summary>
/// <param name="Service">The service as it is put on its stream, but for the time.</param>
[WireName("justrunit.service-read.v1")]
public sealed record ServiceRead(ServiceRegistered Service) : IReport;
