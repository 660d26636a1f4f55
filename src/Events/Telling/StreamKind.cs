using System.Collections.Immutable;
using JustRunIt.Events.Authority;

namespace JustRunIt.Events.Telling;

/// <summary>A kind of stream, as people call it.</summary>
/// <param name="Word">Its word, such as <c>data-center</c>.</param>
/// <param name="Prefix">What the names of its streams begin with (<see cref="StreamKinds"/>).</param>
public sealed record StreamKind(string Word, string Prefix)
{
    /// <summary>What is measured of one tier in one exploration.</summary>
    public static StreamKind Matrix { get; } = new("matrix", StreamKinds.Matrix);

    /// <summary>A service's agreement, and how it is kept.</summary>
    public static StreamKind Service { get; } = new("service", StreamKinds.Service);

    /// <summary>A service's explorations.</summary>
    public static StreamKind Explorations { get; } = new("explorations", StreamKinds.Explorations);

    /// <summary>Who holds a sandbox.</summary>
    public static StreamKind Sandbox { get; } = new("sandbox", StreamKinds.Sandbox);

    /// <summary>Machines, who runs where, and what is decided.</summary>
    public static StreamKind DataCenter { get; } = new("data-center", StreamKinds.DataCenter);

    /// <summary>The policy of a data centre.</summary>
    public static StreamKind Policy { get; } = new("policy", StreamKinds.Policy);

    /// <summary>The checkpoints of a log.</summary>
    public static StreamKind Seal { get; } = new("seal", StreamKinds.Seal);

    /// <summary>All kinds.</summary>
    public static ImmutableArray<StreamKind> All { get; } = [Matrix, Service, Explorations, Sandbox, DataCenter, Policy, Seal];

    /// <summary>The kind of a word; null for none. <c>datacenter</c>, as streams are named, is understood too.</summary>
    public static StreamKind? Called(string word) =>
        All.FirstOrDefault(kind => kind.Word == word || kind.Prefix == $"{word}-");

    /// <summary>The kind of a stream; null for none.</summary>
    public static StreamKind? Of(string stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return All.FirstOrDefault(kind => stream.StartsWith(kind.Prefix, StringComparison.Ordinal));
    }

    /// <summary>What people call a stream: its kind and the rest of its name.</summary>
    public static string Describe(string stream) => Of(stream) is { } kind ? $"{kind.Word} {stream[kind.Prefix.Length..]}" : stream;
}
