using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace JustRunIt.Events.Quantities;

/// <summary>Clock frequency of a processor core in hertz, above zero. Serialized as a JSON number of hertz.</summary>
[JsonConverter(typeof(FrequencyJsonConverter))]
public readonly record struct Frequency : IComparable<Frequency>
{
    private const long HertzPerMegahertz = 1_000_000;

    /// <summary>So many hertz.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Zero or negative.</exception>
    public Frequency(long hertz)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(hertz);
        Hertz = hertz;
    }

    /// <summary>Hertz.</summary>
    public long Hertz { get; }

    /// <summary>Megahertz, with fraction.</summary>
    public double Megahertz => (double)Hertz / HertzPerMegahertz;

    /// <summary>So many megahertz.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than one hertz.</exception>
    public static Frequency FromMegahertz(double megahertz) => new((long)Math.Round(megahertz * HertzPerMegahertz));

    /// <inheritdoc />
    public int CompareTo(Frequency other) => Hertz.CompareTo(other.Hertz);

    /// <summary>Lower than.</summary>
    public static bool operator <(Frequency left, Frequency right) => left.Hertz < right.Hertz;

    /// <summary>Higher than.</summary>
    public static bool operator >(Frequency left, Frequency right) => left.Hertz > right.Hertz;

    /// <summary>Lower than or equal to.</summary>
    public static bool operator <=(Frequency left, Frequency right) => left.Hertz <= right.Hertz;

    /// <summary>Higher than or equal to.</summary>
    public static bool operator >=(Frequency left, Frequency right) => left.Hertz >= right.Hertz;

    /// <inheritdoc />
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Megahertz:0.###} MHz");

    private sealed class FrequencyJsonConverter : JsonConverter<Frequency>
    {
        public override Frequency Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TryGetInt64(out var hertz) && hertz > 0
                ? new Frequency(hertz)
                : throw new JsonException("A frequency is a whole number of hertz above zero.");

        public override void Write(Utf8JsonWriter writer, Frequency value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Hertz);
    }
}
