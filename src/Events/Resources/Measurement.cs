using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace JustRunIt.Events.Resources;

/// <summary>
/// Values of named metrics with their errors, sorted by name. Equal by value; in JSON an object such as
/// <c>{"meanMs":{"value":231.4,"standardError":3.1}}</c>.
/// </summary>
[JsonConverter(typeof(MeasurementJsonConverter))]
public sealed class Measurement : IEquatable<Measurement>
{
    private readonly ImmutableSortedDictionary<string, MetricValue> values;

    /// <summary>These values.</summary>
    /// <exception cref="ArgumentException">A name is not allowed.</exception>
    public Measurement(IEnumerable<KeyValuePair<string, MetricValue>> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        this.values = values.ToImmutableSortedDictionary(StringComparer.Ordinal);
        if (this.values.Keys.FirstOrDefault(name => !ResourceNames.IsValid(name)) is { } bad)
            throw new ArgumentException($"'{bad}' cannot name a metric.", nameof(values));
    }

    /// <summary>No value.</summary>
    public static Measurement None { get; } = new([]);

    /// <summary>Names of the metrics, sorted.</summary>
    public IEnumerable<string> Metrics => values.Keys;

    /// <summary>The value of a metric; null when it was not measured.</summary>
    public MetricValue? this[string metric] => values.TryGetValue(metric, out var value) ? value : null;

    /// <summary>Mean response time; zero when it was not measured.</summary>
    [JsonIgnore]
    public TimeSpan Mean => Milliseconds(MetricNames.MeanMs);

    /// <summary>Of one metric.</summary>
    public static Measurement Of(string metric, double value, double? standardError = null) =>
        new([KeyValuePair.Create(metric, new MetricValue(value, standardError))]);

    /// <summary>This measurement with another value of one metric.</summary>
    public Measurement With(string metric, double value, double? standardError = null) =>
        new(values.SetItem(metric, new MetricValue(value, standardError)));

    /// <inheritdoc />
    public bool Equals(Measurement? other) =>
        other is not null && values.Count == other.values.Count && values.All(pair => other[pair.Key] == pair.Value);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as Measurement);

    /// <inheritdoc />
    public override int GetHashCode() => values.Aggregate(0, (hash, pair) => HashCode.Combine(hash, pair.Key, pair.Value));

    /// <summary>For example <c>meanMs 231.4 ms, throughputPerSecond 18.3/s</c>.</summary>
    public override string ToString() =>
        string.Join(", ", values.Select(pair => $"{pair.Key} {MetricNames.Describe(pair.Key, pair.Value.Value)}"));

    private TimeSpan Milliseconds(string metric) =>
        values.TryGetValue(metric, out var value) ? TimeSpan.FromMilliseconds(value.Value) : TimeSpan.Zero;

    private sealed class MeasurementJsonConverter : JsonConverter<Measurement>
    {
        public override Measurement Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            try
            {
                return new Measurement(JsonSerializer.Deserialize<Dictionary<string, MetricValue>>(ref reader, options) ?? []);
            }
            catch (ArgumentException e)
            {
                // With the value, which stands on a line of its own.
                throw new JsonException(e.Message.ReplaceLineEndings(" "));
            }
        }

        public override void Write(Utf8JsonWriter writer, Measurement value, JsonSerializerOptions options)
        {
            writer.WriteStartObject();
            foreach (var (metric, measured) in value.values)
            {
                writer.WritePropertyName(metric);
                JsonSerializer.Serialize(writer, measured, options);
            }

            writer.WriteEndObject();
        }
    }
}
