using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace JustRunIt.Events.Quantities;

/// <summary>Electrical power in watts: finite, zero or more, zero by default. Serialized as a JSON number.</summary>
[JsonConverter(typeof(WattsJsonConverter))]
public readonly record struct Watts
{
    /// <summary>So many watts.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not finite, or negative.</exception>
    public Watts(double value)
    {
        if (!double.IsFinite(value) || value < 0)
            throw new ArgumentOutOfRangeException(nameof(value), value, "Power is a finite number of watts, zero or more.");
        Value = value;
    }

    /// <summary>Watts.</summary>
    public double Value { get; }

    /// <summary>For example <c>80.5 W</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value:0.#} W");

    private sealed class WattsJsonConverter : JsonConverter<Watts>
    {
        public override Watts Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var value = reader.GetDouble();
            return double.IsFinite(value) && value >= 0
                ? new Watts(value)
                : throw new JsonException($"Power is a number of watts, zero or more; got {value}.");
        }

        public override void Write(Utf8JsonWriter writer, Watts value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value.Value);
    }
}
