using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace JustRunIt.Events.Quantities;

/// <summary>An amount of memory in bytes, zero or more. Serialized as a JSON number of bytes.</summary>
[JsonConverter(typeof(MemorySizeJsonConverter))]
public readonly record struct MemorySize : IComparable<MemorySize>
{
    private const long BytesPerMebibyte = 1024 * 1024;

    /// <summary>So many bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public MemorySize(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Bytes = bytes;
    }

    /// <summary>Bytes.</summary>
    public long Bytes { get; }

    /// <summary>Mebibytes (2^20 bytes), with fraction.</summary>
    public double Mebibytes => (double)Bytes / BytesPerMebibyte;

    /// <summary>So many mebibytes (2^20 bytes).</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not finite, negative, or beyond what a 64-bit number of bytes holds.</exception>
    public static MemorySize FromMebibytes(double mebibytes)
    {
        var bytes = Math.Round(mebibytes * BytesPerMebibyte);
        return bytes is >= 0 and < long.MaxValue
            ? new MemorySize((long)bytes)
            : throw new ArgumentOutOfRangeException(nameof(mebibytes), mebibytes, "Memory is a finite number of mebibytes, zero or more.");
    }

    /// <inheritdoc />
    public int CompareTo(MemorySize other) => Bytes.CompareTo(other.Bytes);

    /// <summary>Smaller than.</summary>
    public static bool operator <(MemorySize left, MemorySize right) => left.Bytes < right.Bytes;

    /// <summary>Larger than.</summary>
    public static bool operator >(MemorySize left, MemorySize right) => left.Bytes > right.Bytes;

    /// <summary>Smaller than or equal to.</summary>
    public static bool operator <=(MemorySize left, MemorySize right) => left.Bytes <= right.Bytes;

    /// <summary>Larger than or equal to.</summary>
    public static bool operator >=(MemorySize left, MemorySize right) => left.Bytes >= right.Bytes;

    /// <summary>Sum of two sizes.</summary>
    /// <exception cref="OverflowException">Beyond what a 64-bit number of bytes holds.</exception>
    public static MemorySize operator +(MemorySize left, MemorySize right) => new(checked(left.Bytes + right.Bytes));

    /// <summary>For example <c>256 MiB</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Mebibytes:0.#} MiB");

    private sealed class MemorySizeJsonConverter : JsonConverter<MemorySize>
    {
        public override MemorySize Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var bytes = reader.GetInt64();
            return bytes >= 0
                ? new MemorySize(bytes)
                : throw new JsonException($"A memory size is a number of bytes, zero or more; got {bytes}.");
        }

        public override void Write(Utf8JsonWriter writer, MemorySize value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value.Bytes);
    }
}
