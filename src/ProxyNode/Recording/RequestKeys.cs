using System.Text;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// Three hashes of a request, from strict to lax: as it is, with its non-deterministic fields as wildcards, and as its kind
/// of request alone (method and path with identifiers left out; SQL without its literals).
/// </summary>
internal readonly record struct RequestKeys(UInt128 Exact, UInt128 Wildcard, UInt128 Equivalent)
{
    /// <summary>Asked once for a connection, and used as long as it lives, such as a statement that is prepared.</summary>
    public bool IsLasting { get; init; }

    /// <summary>What it is found by if the server has answered it before it had the whole of it; null where none can be.</summary>
    public UInt128? Part { get; init; }

    /// <summary>The values under the wildcards, in order; null when there is none.</summary>
    public IReadOnlyList<string>? Values { get; init; }

    /// <summary>The hash of a text in parts.</summary>
    public static UInt128 Hash(params ReadOnlySpan<string> parts)
    {
        var hash = KeyHash.Begin();
        foreach (var part in parts)
            hash.Part(part);
        return hash.End();
    }

    /// <summary>A text in which the declared ranges of bytes are wildcards; bytes as Latin-1.</summary>
    public static string Replace(string text, IReadOnlyList<Range> ranges)
    {
        if (ranges.Count == 0)
            return text;
        var replaced = new StringBuilder(text);
        foreach (var range in ranges)
        {
            var from = Math.Min(range.Start.GetOffset(text.Length), text.Length);
            var to = Math.Min(range.End.GetOffset(text.Length), text.Length);
            for (var i = Math.Max(from, 0); i < to; i++)
                replaced[i] = '*';
        }

        return replaced.ToString();
    }
}
