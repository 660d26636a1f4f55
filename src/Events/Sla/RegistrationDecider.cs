using System.Text.Json;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Settings;

namespace JustRunIt.Events.Sla;

/// <summary>Puts the configured policy and services on their streams; what has not changed is not said again.</summary>
public sealed class RegistrationDecider : IDecider<ConfigurationRead>
{
    /// <inheritdoc />
    public string Name => "registering";

    /// <inheritdoc />
    public int Version => 2;

    /// <summary>The configuration was read.</summary>
    public Decision Decide(IReading reading, ConfigurationRead message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(cause);
        var decision = Decision.Nothing(WhyNothing.Unchanged, "the configuration is in force as it is");
        var policyStream = Streams.Policy(message.DataCenter);
        var policy = reading.State<PolicyState>(policyStream).Current;
        if (reading.VersionOf(policyStream) == 0 || !Same(policy with { Version = 0 }, message.Policy with { Version = 0 }))
        {
            decision = decision.And(
                policyStream,
                new DataCenterConfigured(message.DataCenter, message.Policy with { Version = policy.Version + 1 }, cause.At));
        }

        foreach (var service in message.Services)
        {
            var stream = Streams.Service(service.Service);
            var before = reading.State<ServiceState>(stream).Registered;
            if (before is null || !Same(before with { At = default }, service with { At = default }))
                decision = decision.And(stream, service with { At = cause.At });
        }

        return decision;
    }

    /// <summary>Compared as JSON: records with lists inside have no equality of their own.</summary>
    private static bool Same<T>(T one, T other) => JsonSerializer.Serialize(one, Wire.Json) == JsonSerializer.Serialize(other, Wire.Json);
}
