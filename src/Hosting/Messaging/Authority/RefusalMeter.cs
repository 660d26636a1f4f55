using System.Diagnostics.Metrics;
using JustRunIt.Events.Authority;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Hosting.Messaging.Authority;

/// <summary>Counts messages that were refused because of who sent them.</summary>
public sealed class RefusalMeter : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "JustRunIt.Refusals";

    private readonly Meter meter = new(Name);
    private readonly Counter<long> refusals;

    /// <summary>Makes the instrument.</summary>
    public RefusalMeter() =>
        refusals = meter.CreateCounter<long>("justrunit.refusals", "{message}", "Messages that were refused because of who sent them.");

    /// <summary>Counts one.</summary>
    /// <param name="message">Its type.</param>
    /// <param name="speaker">Who sent it; null for nobody known.</param>
    public void Count(Type message, Speaker? speaker) => refusals.Add(
        1, new("message", Wire.NameOf(message)), new KeyValuePair<string, object?>("role", speaker?.Role.Name ?? "none"));

    /// <inheritdoc />
    public void Dispose() => meter.Dispose();
}
