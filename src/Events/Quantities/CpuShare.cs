using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace JustRunIt.Events.Quantities;

/// <summary>
/// CPU capacity in cores of the machine it is used on: 0.6 is 60 % of one core (paper §2.2.2).
/// Range: finite and not negative. Serialized as a JSON number of cores.
/// </summary>
[JsonConverter(typeof(CpuShareJsonConverter))]
public readonly record struct CpuShare : IComparable<CpuShare>
{
    /// <summary>A share of so many cores.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not finite, or negative.</exception>
    public CpuShare(double cores)
    {
        if (!double.IsFinite(cores) || cores < 0)
            throw new ArgumentOutOfRangeException(nameof(cores), cores, "A CPU share is a finite number of cores, zero or more.");
        Cores = cores;
    }

    /// <summary>Cores; 1.0 is one whole core.</summary>
    public double Cores { get; }

    /// <summary>Per cent of one core; 60 is 0.6 of a core.</summary>
    public double Percent => Cores * 100;

    /// <summary>A share of so many per cent of one core.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not finite, or negative.</exception>
    public static CpuShare FromPercent(double percent) => new(percent / 100);

    /// <inheritdoc />
    public int CompareTo(CpuShare other) => Cores.CompareTo(other.Cores);

    /// <summary>Smaller than.</summary>
    public static bool operator <(CpuShare left, CpuShare right) => left.Cores < right.Cores;

    /// <summary>Larger than.</summary>
    public static bool operator >(CpuShare left, CpuShare right) => left.Cores > right.Cores;

    /// <summary>Smaller than or equal to.</summary>
    public static bool operator <=(CpuShare left, CpuShare right) => left.Cores <= right.Cores;

    /// <summary>Larger than or equal to.</summary>
    public static bool operator >=(CpuShare left, CpuShare right) => left.Cores >= right.Cores;

    /// <summary>Sum of two shares.</summary>
    public static CpuShare operator +(CpuShare left, CpuShare right) => new(left.Cores + right.Cores);

    /// <summary>For example <c>60 %</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Percent:0.##} %");

    private sealed class CpuShareJsonConverter : JsonConverter<CpuShare>
    {
        public override CpuShare Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var cores = reader.GetDouble();
            return double.IsFinite(cores) && cores >= 0
                ? new CpuShare(cores)
                : throw new JsonException($"A CPU share is a number of cores, zero or more; got {cores}.");
        }

        public override void Write(Utf8JsonWriter writer, CpuShare value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value.Cores);
    }
}
