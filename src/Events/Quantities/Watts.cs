using System.Text.Json;
using System.Text.Json.Serialization;

namespace JustRunIt.Events.Quantities;

/// <summary>Electrical power in watts, zero or more. Serialized as a JSON number.</summary>
/// <param name="Value">Watts.</param>
[JsonConverter(typeof(WattsJsonConverter))]
public readonly record struct Watts(double Value)
{
    private sealed class WattsJsonConverter : JsonConverter<Watts>
    {
        public override Watts Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var value = reader.GetDouble();
            return value >= 0 ? new Watts(value) : throw new JsonException($"Power is a number of watts, zero or more; got {value}.");
        }

        public override void Write(Utf8JsonWriter writer, Watts value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Value);
    }
}
