using System.Collections.Concurrent;
using System.Text;

namespace JustRunIt.ProxyNode.Replaying.Comparing;

/// <summary>
/// What the original calls a session, a token or the like, and what its clone calls the same thing: learnt from the paired
/// replies to the same request (DESIGN §5). Bounded: a service that gives out names without end drops the oldest.
/// </summary>
internal sealed class Identities
{
    private const int Most = 100_000;

    /// <summary>Longest name that is looked for in texts.</summary>
    private const int Longest = 1024;

    private readonly ConcurrentDictionary<string, string> clones = new();
    private readonly ConcurrentDictionary<string, string> declared = new();
    private readonly ConcurrentQueue<string> byAge = new();
    private readonly Lock gate = new();

    // Lengths of the declared names that there ever were, ascending: names of one kind have few.
    private int[] lengths = [];

    /// <summary>Pairs known.</summary>
    public int Count => clones.Count;

    /// <summary>Learns from what both sides gave out in reply to the same request, if it is of the same kind.</summary>
    public void Pair(IReadOnlyList<IssuedName>? online, IReadOnlyList<IssuedName>? clone)
    {
        if (online is null || clone is null || online.Count != clone.Count)
            return;
        for (var i = 0; i < online.Count; i++)
        {
            if (online[i].Name == clone[i].Name || online[i].Name.Length is 0 or > Longest)
                continue;
            Learn(online[i].Name, clone[i].Name, online[i].IsDeclared);
        }

        while (clones.Count > Most && byAge.TryDequeue(out var oldest))
        {
            clones.TryRemove(oldest, out _);
            declared.TryRemove(oldest, out _);
            declared.TryRemove(Uri.EscapeDataString(oldest), out _);
            declared.TryRemove(Uri.UnescapeDataString(oldest), out _);
        }
    }

    /// <summary>Learns one pair.</summary>
    public void Pair(string online, string clone) =>
        Pair([new IssuedName(online, IsDeclared: false)], [new IssuedName(clone, IsDeclared: false)]);

    /// <summary>What the clone calls it; null when it calls it the same, or nothing is known.</summary>
    public string? OfClone(string online) => clones.GetValueOrDefault(online);

    /// <summary>
    /// Replaces every declared name in a text that the clone calls otherwise, also where it is percent-encoded, or no longer is. Only whole
    /// words are names: what is before and after is no letter or digit. The time is proportional to the text, whatever is known.
    /// </summary>
    public string Replace(string text)
    {
        if (declared.IsEmpty)
            return text;
        var names = declared.GetAlternateLookup<ReadOnlySpan<char>>();
        var known = Volatile.Read(ref lengths);
        StringBuilder? replaced = null;
        var copied = 0;
        for (var at = 0; at < text.Length; at++)
        {
            if (at > 0 && char.IsAsciiLetterOrDigit(text[at - 1]))
                continue;
            for (var i = known.Length - 1; i >= 0; i--)
            {
                var end = at + known[i];
                if (end > text.Length || (end < text.Length && char.IsAsciiLetterOrDigit(text[end]))
                    || !names.TryGetValue(text.AsSpan(at, known[i]), out var clone))
                    continue;
                (replaced ??= new StringBuilder(text.Length)).Append(text, copied, at - copied).Append(clone);
                copied = end;
                at = end - 1;
                break;
            }
        }

        return replaced is null ? text : replaced.Append(text, copied, text.Length - copied).ToString();
    }

    private void Learn(string online, string clone, bool isDeclared)
    {
        if (clones.TryAdd(online, clone))
            byAge.Enqueue(online);
        else
            clones[online] = clone;
        if (!isDeclared)
            return;
        Declare(online, clone);
        if (Uri.EscapeDataString(online) is var encoded && encoded != online)
            Declare(encoded, Uri.EscapeDataString(clone));
        // A script that sends a cookie's value again in a header decodes it first.
        if (Uri.UnescapeDataString(online) is var plain && plain != online)
            Declare(plain, Uri.UnescapeDataString(clone));
    }

    private void Declare(string online, string clone)
    {
        declared[online] = clone;
        lock (gate)
        {
            var place = Array.BinarySearch(lengths, online.Length);
            if (place < 0)
                Volatile.Write(ref lengths, [.. lengths[..~place], online.Length, .. lengths[~place..]]);
        }
    }
}

/// <summary>A name that a server gave out.</summary>
/// <param name="Name">The name.</param>
/// <param name="IsDeclared">
/// A rule says that such names are given out, so that it is looked for in whatever is sent; otherwise only where sessions are
/// named.
/// </param>
internal readonly record struct IssuedName(string Name, bool IsDeclared);
