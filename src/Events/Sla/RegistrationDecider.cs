using System.Text.Json;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Settings;

namespace JustRunIt.Events.Sla;

/// <summary>Puts the configured policy and services on their streams; what has not changed is not said again.</summary>
public sealed class RegistrationDecider : IDecider<ConfigurationRead>, IDecider<ServiceRead>
{
    /// <inheritdoc />
    public string Name => "registering";

    /// <inheritdoc />
    public int Version => 4;

    /// <summary>The configuration was read.</summary>
    public Decision Decide(IReading reading, ConfigurationRead message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(cause);
        var decision = Decision.Nothing(WhyNothing.Unchanged, "the configuration is in force as it is");
        var policyStream = Streams.Policy(message.DataCenter);
        var state = reading.State<PolicyState>(policyStream);
        var policy = state.Current;
        var isSame = reading.VersionOf(policyStream) > 0 && Same(policy with { Version = 0 }, message.Policy with { Version = 0 });
        var services = (message.All ?? message.Services.Select(service => service.Service)).Order(StringComparer.Ordinal).ToList();
        if (!isSame || !services.SequenceEqual(state.Services))
        {
            var next = isSame ? policy : message.Policy with { Version = policy.Version + 1 };
            decision = decision.And(policyStream, new DataCenterConfigured(message.DataCenter, next, cause.At, services));
        }

        foreach (var gone in state.Services.Except(services))
        {
            if (reading.State<ServiceState>(Streams.Service(gone)).Registered?.DataCenter == message.DataCenter)
                decision = decision.And(Streams.Service(gone), new ServiceWithdrawn(gone, message.DataCenter, cause.At));
        }

        // Read before anything is compared, since each reading that is not there yet ends the call.
        var registered = message.Services
            .Select(service => reading.State<ServiceState>(Streams.Service(service.Service)).Registered)
            .ToList();
        foreach (var (service, before) in message.Services.Zip(registered))
        {
            if (IsNew(service, before))
                decision = decision.And(Streams.Service(service.Service), service with { At = cause.At });
        }

        return decision;
    }

    /// <summary>The configuration of one service was read.</summary>
    public Decision Decide(IReading reading, ServiceRead message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(cause);
        var stream = Streams.Service(message.Service.Service);
        return IsNew(message.Service, reading.State<ServiceState>(stream).Registered)
            ? Decision.On(stream, message.Service with { At = cause.At })
            : Decision.Nothing(WhyNothing.Unchanged, $"{message.Service.Service} is registered as it is");
    }

    private static bool IsNew(ServiceRegistered service, ServiceRegistered? before) =>
        before is null || !Same(before with { At = default }, service with { At = default });

    /// <summary>Compared as JSON: records with lists inside have no equality of their own.</summary>
    private static bool Same<T>(T one, T other) => JsonSerializer.Serialize(one, Wire.Json) == JsonSerializer.Serialize(other, Wire.Json);
}
