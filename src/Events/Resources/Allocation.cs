using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using JustRunIt.Events.Quantities;

namespace JustRunIt.Events.Resources;

/// <summary>
/// Amounts of named resources, sorted by name: what a server may use, or what a machine has (§2.2.2). A resource that is
/// not named is not spoken of: setting an allocation leaves it as it is. Each amount is finite and not negative, in the
/// unit of <see cref="ResourceNames"/>. Equal by value; in JSON an object such as <c>{"cpu":0.72,"memory":256}</c>.
/// </summary>
[JsonConverter(typeof(AllocationJsonConverter))]
public sealed class Allocation : IEquatable<Allocation>
{
    private readonly ImmutableSortedDictionary<string, double> amounts;

    /// <summary>These amounts.</summary>
    /// <exception cref="ArgumentException">A name or an amount is not allowed.</exception>
    public Allocation(IEnumerable<KeyValuePair<string, double>> amounts)
    {
        ArgumentNullException.ThrowIfNull(amounts);
        var builder = ImmutableSortedDictionary.CreateBuilder<string, double>(StringComparer.Ordinal);
        foreach (var (resource, amount) in amounts)
        {
            if (!ResourceNames.IsValid(resource))
                throw new ArgumentException($"'{resource}' cannot name a resource.", nameof(amounts));
            if (!double.IsFinite(amount) || amount < 0)
                throw new ArgumentException($"{resource}: {amount}; an amount is finite and not negative.", nameof(amounts));
            builder[resource] = amount;
        }

        this.amounts = builder.ToImmutable();
    }

    /// <summary>Speaks of no resource.</summary>
    public static Allocation None { get; } = new([]);

    /// <summary>Names of the resources, sorted.</summary>
    public IEnumerable<string> Resources => amounts.Keys;

    /// <summary>The amounts by resource, sorted.</summary>
    public IReadOnlyDictionary<string, double> Amounts => amounts;

    /// <summary>The amount of a resource; null when it is not spoken of.</summary>
    public double? this[string resource] => amounts.TryGetValue(resource, out var amount) ? amount : null;

    /// <summary>The CPU share; null when it is not spoken of.</summary>
    [JsonIgnore]
    public CpuShare? Cpu => this[ResourceNames.Cpu] is { } cores ? new CpuShare(cores) : null;

    /// <summary>The memory; null when it is not spoken of.</summary>
    [JsonIgnore]
    public MemorySize? Memory => this[ResourceNames.Memory] is { } mebibytes ? MemorySize.FromMebibytes(mebibytes) : null;

    /// <summary>The frequency; null when it is not spoken of.</summary>
    [JsonIgnore]
    public Frequency? Frequency =>
        this[ResourceNames.Frequency] is { } megahertz ? Quantities.Frequency.FromMegahertz(megahertz) : null;

    /// <summary>Of the resources that are given.</summary>
    public static Allocation Of(CpuShare? cpu = null, MemorySize? memory = null, Frequency? frequency = null)
    {
        var amounts = new Dictionary<string, double>();
        if (cpu is { } share)
            amounts[ResourceNames.Cpu] = share.Cores;
        if (memory is { } size)
            amounts[ResourceNames.Memory] = size.Mebibytes;
        if (frequency is { } highest)
            amounts[ResourceNames.Frequency] = highest.Megahertz;
        return new Allocation(amounts);
    }

    /// <summary>This allocation with another amount of one resource.</summary>
    public Allocation With(string resource, double amount) => new(amounts.SetItem(resource, amount));

    /// <summary>This allocation, and of <paramref name="below"/> what it does not speak of.</summary>
    public Allocation Over(Allocation below)
    {
        ArgumentNullException.ThrowIfNull(below);
        return new Allocation(below.amounts.SetItems(amounts));
    }

    /// <summary>This allocation, but of no resource less than <paramref name="floor"/> has.</summary>
    public Allocation AtLeast(Allocation floor)
    {
        ArgumentNullException.ThrowIfNull(floor);
        return new Allocation(amounts.Select(pair => KeyValuePair.Create(pair.Key, Math.Max(pair.Value, floor[pair.Key] ?? 0))));
    }

    /// <summary>This allocation, but of no resource more than <paramref name="ceiling"/> has, where that speaks of it.</summary>
    public Allocation AtMost(Allocation ceiling)
    {
        ArgumentNullException.ThrowIfNull(ceiling);
        return new Allocation(
            amounts.Select(pair => KeyValuePair.Create(pair.Key, Math.Min(pair.Value, ceiling[pair.Key] ?? pair.Value))));
    }

    /// <summary>The part of it that speaks of <paramref name="resources"/>.</summary>
    public Allocation Only(IEnumerable<string> resources) => new(amounts.Where(pair => resources.Contains(pair.Key)));

    /// <summary>
    /// Whether no resource of it exceeds the amount in <paramref name="limit"/>, of which an absent one is without limit.
    /// </summary>
    public bool IsWithin(Allocation limit)
    {
        ArgumentNullException.ThrowIfNull(limit);
        return amounts.All(pair => limit[pair.Key] is not { } most || pair.Value <= most * (1 + 1e-9));
    }

    /// <inheritdoc />
    public bool Equals(Allocation? other) =>
        other is not null && amounts.Count == other.amounts.Count && amounts.All(pair => other[pair.Key] == pair.Value);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as Allocation);

    /// <inheritdoc />
    public override int GetHashCode() => amounts.Aggregate(0, (hash, pair) => HashCode.Combine(hash, pair.Key, pair.Value));

    /// <summary>For example <c>cpu 72 %, memory 256 MiB</c>.</summary>
    public override string ToString() =>
        amounts.IsEmpty ? "nothing" : string.Join(", ", amounts.Select(pair => ResourceNames.Describe(pair.Key, pair.Value)));

    private sealed class AllocationJsonConverter : JsonConverter<Allocation>
    {
        public override Allocation Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var amounts = JsonSerializer.Deserialize<Dictionary<string, double>>(ref reader, options) ?? [];
            try
            {
                return new Allocation(amounts);
            }
            catch (ArgumentException e)
            {
                throw new JsonException(e.Message);
            }
        }

        public override void Write(Utf8JsonWriter writer, Allocation value, JsonSerializerOptions options)
        {
            writer.WriteStartObject();
            foreach (var (resource, amount) in value.amounts)
                writer.WriteNumber(resource, amount);
            writer.WriteEndObject();
        }
    }
}
