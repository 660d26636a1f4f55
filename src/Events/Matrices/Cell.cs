using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace JustRunIt.Events.Matrices;

/// <summary>A cell of a matrix by its index in each dimension. Equal by value; in JSON an array of numbers, such as <c>[0,2]</c>.</summary>
[JsonConverter(typeof(CellJsonConverter))]
public sealed class Cell : IEquatable<Cell>, IComparable<Cell>
{
    private readonly ImmutableArray<int> indices;

    /// <summary>The cell at these indices, one a dimension; none negative.</summary>
    /// <exception cref="ArgumentException">No index, or a negative one.</exception>
    public Cell(params int[] indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        if (indices.Length == 0 || indices.Any(index => index < 0))
            throw new ArgumentException("A cell has one index a dimension, none of them negative.", nameof(indices));
        this.indices = [.. indices];
    }

    /// <summary>Number of dimensions.</summary>
    public int Dimensions => indices.Length;

    /// <summary>The index in a dimension.</summary>
    public int this[int dimension] => indices[dimension];

    /// <summary>The cell that differs from this one in one dimension.</summary>
    public Cell With(int dimension, int index)
    {
        var changed = indices.ToArray();
        changed[dimension] = index;
        return new Cell(changed);
    }

    /// <inheritdoc />
    public bool Equals(Cell? other) => other is not null && indices.AsSpan().SequenceEqual(other.indices.AsSpan());

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as Cell);

    /// <inheritdoc />
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(MemoryMarshal.AsBytes(indices.AsSpan()));
        return hash.ToHashCode();
    }

    /// <inheritdoc />
    public int CompareTo(Cell? other) => other is null ? 1 : indices.AsSpan().SequenceCompareTo(other.indices.AsSpan());

    /// <summary>For example <c>[0,2]</c>.</summary>
    public override string ToString() => $"[{string.Join(',', indices)}]";

    private sealed class CellJsonConverter : JsonConverter<Cell>
    {
        public override Cell Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var indices = JsonSerializer.Deserialize<int[]>(ref reader, options);
            return indices is { Length: > 0 } && indices.All(index => index >= 0)
                ? new Cell(indices)
                : throw new JsonException("A cell is an array of indices, one a dimension, none of them negative.");
        }

        public override Cell ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            JsonSerializer.Deserialize<Cell>(reader.GetString()!, options)!;

        public override void WriteAsPropertyName(Utf8JsonWriter writer, Cell value, JsonSerializerOptions options) =>
            writer.WritePropertyName(value.ToString());

        public override void Write(Utf8JsonWriter writer, Cell value, JsonSerializerOptions options)
        {
            writer.WriteStartArray();
            foreach (var index in value.indices)
                writer.WriteNumberValue(index);
            writer.WriteEndArray();
        }
    }
}
