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

    /// <summary>Most spellings of declared names: those with other characters than letters and digits have several.</summary>
    private const int MostSpellings = 4 * Most;

    /// <summary>Longest name that is looked for in texts.</summary>
    private const int Longest = 1024;

    /// <summary>Characters of an escape: <c>%252F</c>, <c>\u002F</c>.</summary>
    private const int LongestEscape = 6;

    private readonly ConcurrentDictionary<string, string> clones = new();
    private readonly ConcurrentDictionary<string, string> declared = new();
    private readonly ConcurrentQueue<string> byAge = new();
    private readonly Lock gate = new();

    // Lengths of the declared names that there ever were, ascending: names of one kind have few.
    private int[] lengths = [];
    private int spellings;

    /// <summary>Pairs known.</summary>
    public int Count => clones.Count;

    /// <summary>Whether a declared name is known.</summary>
    public bool HasDeclared => !declared.IsEmpty;

    /// <summary>
    /// Learns from what both sides gave out in reply to the same request: names of a kind, those of sessions or of one rule, where they are
    /// as many on both sides.
    /// </summary>
    public void Pair(IReadOnlyList<IssuedName>? online, IReadOnlyList<IssuedName>? clone)
    {
        if (online is null || clone is null)
            return;
        foreach (var kind in online.GroupBy(name => (name.IsDeclared, name.Rule)))
            PairKind([.. kind], [.. clone.Where(name => (name.IsDeclared, name.Rule) == kind.Key)]);
        while ((clones.Count > Most || spellings > MostSpellings) && byAge.TryDequeue(out var oldest))
        {
            clones.TryRemove(oldest, out _);
            foreach (var (spelt, _) in Spellings.Of(oldest, ""))
            {
                if (declared.TryRemove(spelt, out _))
                    Interlocked.Decrement(ref spellings);
            }
        }
    }

    /// <summary>Learns one pair.</summary>
    public void Pair(string online, string clone) =>
        Pair([new IssuedName(online, IsDeclared: false)], [new IssuedName(clone, IsDeclared: false)]);

    /// <summary>What the clone calls it; null when it calls it the same, or nothing is known.</summary>
    public string? OfClone(string online) => clones.GetValueOrDefault(online);

    /// <summary>
    /// Replaces every declared name in a text that the clone calls otherwise, in whatever spelling it is (<see cref="Spellings"/>). Only
    /// whole words are names: what is before and after is no letter or digit, but for those of an escape before it. The time is
    /// proportional to the text, whatever is known.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="spelling">
    /// How it spells: where a name is the same in all spellings, that does not tell how the clone's is to be written.
    /// </param>
    public string Replace(string text, Spelling spelling = Spelling.Plain)
    {
        if (declared.IsEmpty)
            return text;
        var names = declared.GetAlternateLookup<ReadOnlySpan<char>>();
        var known = Volatile.Read(ref lengths);
        var hasEscapes = text.AsSpan().ContainsAny('%', '\\');
        StringBuilder? replaced = null;
        var copied = 0;
        for (var at = 0; at < text.Length; at++)
        {
            if (at > 0 && char.IsAsciiLetterOrDigit(text[at - 1])
                && !(hasEscapes && Spellings.EndsEscape(text.AsSpan()[Math.Max(0, at - LongestEscape)..at])))
                continue;
            for (var i = known.Length - 1; i >= 0; i--)
            {
                var end = at + known[i];
                if (end > text.Length || (end < text.Length && char.IsAsciiLetterOrDigit(text[end]))
                    || !names.TryGetValue(text.AsSpan(at, known[i]), out var clone))
                    continue;
                if (spelling != Spelling.Plain && Spellings.IsSameInAll(text.AsSpan(at, known[i])))
                    clone = Spellings.Write(clone, spelling);
                (replaced ??= new StringBuilder(text.Length)).Append(text, copied, at - copied).Append(clone);
                copied = end;
                at = end - 1;
                break;
            }
        }

        return replaced is null ? text : replaced.Append(text, copied, text.Length - copied).ToString();
    }

    private void PairKind(List<IssuedName> online, List<IssuedName> clone)
    {
        if (online.Count != clone.Count)
            return;
        for (var i = 0; i < online.Count; i++)
        {
            if (online[i].Name != clone[i].Name && online[i].Name.Length is > 0 and <= Longest)
                Learn(online[i].Name, clone[i].Name, online[i].IsDeclared);
        }
    }

    private void Learn(string online, string clone, bool isDeclared)
    {
        if (clones.TryGetValue(online, out var known) && known == clone && (!isDeclared || declared.ContainsKey(online)))
            return;
        if (clones.TryAdd(online, clone))
            byAge.Enqueue(online);
        else
            clones[online] = clone;
        if (!isDeclared)
            return;
        foreach (var (spelt, counterpart) in Spellings.Of(online, clone))
            Declare(spelt, counterpart);
    }

    private void Declare(string online, string clone)
    {
        if (declared.TryAdd(online, clone))
            Interlocked.Increment(ref spellings);
        else
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
/// <param name="Rule">Number of that rule; 0 too where it is not known.</param>
internal readonly record struct IssuedName(string Name, bool IsDeclared, int Rule = 0);
