using JustRunIt.Events.Sla;

namespace JustRunIt.Services.Monitor.Configuration;

/// <summary>The services of a configuration file.</summary>
/// <param name="Services">As they are put on their streams, but for the time.</param>
internal sealed record ServiceDefinitions(IReadOnlyList<ServiceRegistered> Services);
