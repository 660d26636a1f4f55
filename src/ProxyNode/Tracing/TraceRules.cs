using JustRunIt.Hosting.Configuration;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Tracing;

/// <summary>
/// The rules that were applied to the replies of a trace. What of a reply is on file is its length and a hash, as the rules have made
/// them, and as it was: it can be compared with the same rules or with none, and with no others.
/// </summary>
/// <param name="Replies">The patterns of <see cref="ServiceRules.ReplyWildcards"/>.</param>
/// <param name="Identities">The patterns of <see cref="ServiceRules.Identities"/>.</param>
internal sealed record TraceRules(IReadOnlyList<string> Replies, IReadOnlyList<string> Identities)
{
    private const int Most = 10_000;

    /// <summary>Nothing is applied.</summary>
    public static TraceRules None { get; } = new([], []);

    private bool IsNone => Replies.Count + Identities.Count == 0;

    /// <summary>Those of a service.</summary>
    public static TraceRules Of(ServiceRules rules) =>
        new([.. rules.ReplyWildcards.Select(pattern => $"{pattern}")], [.. rules.Identities.Select(pattern => $"{pattern}")]);

    /// <summary>Reads them.</summary>
    /// <exception cref="FormatException">There are more than anybody writes.</exception>
    public static TraceRules Read(BinaryReader reader) => new(ReadList(reader), ReadList(reader));

    /// <summary>Writes them.</summary>
    public void Write(BinaryWriter writer)
    {
        foreach (var list in new[] { Replies, Identities })
        {
            writer.Write(list.Count);
            foreach (var pattern in list)
                writer.Write(pattern);
        }
    }

    /// <summary>Whether replies are compared as they were, when the trace is replayed with other rules: those have none.</summary>
    /// <param name="with">The rules of the replay.</param>
    /// <exception cref="ConfigurationException">The replies cannot be compared with these rules.</exception>
    public bool IsComparedPlain(TraceRules with)
    {
        if (Replies.SequenceEqual(with.Replies, StringComparer.Ordinal)
            && Identities.SequenceEqual(with.Identities, StringComparer.Ordinal))
            return false;
        return with.IsNone
            ? true
            : throw new ConfigurationException(
                $"command line: --rules: 'replies' and 'identities' are {Show(with)}, and the trace was recorded with {Show(this)}: it "
                + "holds only what these have made of its replies; allowed are the same, or none, or record with these rules");
    }

    private static string Show(TraceRules rules) => rules.IsNone
        ? "none"
        : string.Join(", ", rules.Replies.Concat(rules.Identities).Take(3).Select(pattern => $"'{pattern}'"))
            + (rules.Replies.Count + rules.Identities.Count > 3 ? ", ..." : "");

    private static string[] ReadList(BinaryReader reader)
    {
        var count = reader.ReadInt32();
        if (count is < 0 or > Most)
            throw new FormatException($"{count} rules");
        var list = new string[count];
        for (var i = 0; i < count; i++)
            list[i] = reader.ReadString();
        return list;
    }
}
