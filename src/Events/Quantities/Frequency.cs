using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace JustRunIt.Events.Quantities;

/// <summary>Clock frequency of a processor core in hertz, above zero; one hertz by default. Serialized as a JSON number of hertz.</summary>
[JsonConverter(typeof(FrequencyJsonConverter))]
public readonly record struct Frequency : IComparable<Frequency>
{
    private const long HertzPerMegahertz = 1_000_000;

    // Kept above one, so that the default of the type is a frequency too.
    private readonly long aboveOne;

    /// <summary>So many hertz.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Zero or negative.</exception>
    public Frequency(long hertz)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(hertz);
        aboveOne = hertz - 1;
    }

    /// <summary>Hertz.</summary>
    public long Hertz => aboveOne + 1;

    /// <summary>Megahertz, with fraction.</summary>
    public double Megahertz => (double)Hertz / HertzPerMegahertz;

    /// <summary>So many megahertz.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not finite, less than one hertz, or beyond what a 64-bit number of hertz
    /// holds.</exception>
    public static Frequency FromMegahertz(double megahertz)
    {
        var hertz = Math.Round(megahertz * HertzPerMegahertz);
        return hertz is >= 1 and < long.MaxValue
            ? new Frequency((long)hertz)
            : throw new ArgumentOutOfRangeException(
                nameof(megahertz), megahertz, "A frequency is a finite number of megahertz, one hertz or more.");
    }

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

        public override void Write(Utf8JsonWriter writer, Frequency value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value.Hertz);
    }
}
