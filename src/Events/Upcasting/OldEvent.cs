using System.Text.Json;
using System.Text.Json.Nodes;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Upcasting;

/// <summary>
/// The body of an event that an older version wrote. Names of fields are compared without case: the first ones were written in Pascal case.
/// </summary>
/// <param name="body">The body, whose objects compare names without case.</param>
internal sealed class OldEvent(JsonObject body)
{
    /// <summary>A field that is read as it is now; null when it is absent or null.</summary>
    public T? Get<T>(string field) => body[field] is { } node ? node.Deserialize<T>(Wire.Json) : default;

    /// <summary>A field that every such event has.</summary>
    /// <exception cref="JsonException">It is missing.</exception>
    public T Need<T>(string field) => body[field] is { } node
        ? node.Deserialize<T>(Wire.Json)!
        : throw new JsonException($"{field}: missing in an event that must have it.");

    /// <summary>A group of fields; null when it is absent or null.</summary>
    public OldEvent? Group(string field) => body[field] is JsonObject group ? new OldEvent(group) : null;

    /// <summary>The items of a list of groups.</summary>
    public IEnumerable<OldEvent> Groups(string field) =>
        body[field]?.AsArray().Select(item => new OldEvent(item!.AsObject())) ?? [];

    /// <summary>A duration in milliseconds.</summary>
    public double Milliseconds(string field) => Need<TimeSpan>(field).TotalMilliseconds;

    /// <summary>A bound on the mean response time.</summary>
    public Agreement MeanAtMost(string field) => Agreement.OnMean(Need<TimeSpan>(field));

    /// <summary>The fields for CPU (cores), memory (bytes) and frequency (hertz), of which any may be absent.</summary>
    public Allocation Allocation(string cpu = "cpu", string memory = "memory", string frequency = "frequency") =>
        Resources.Allocation.Of(
            Get<Quantities.CpuShare?>(cpu), Get<Quantities.MemorySize?>(memory), Get<Quantities.Frequency?>(frequency));
}
