using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Replaying.Comparing;

/// <summary>
/// Reads one reply as it passes: its length and a hash of its content, for the comparison of both sides, and the names that
/// it gives out. Of a service with rules for replies the content is kept until its end, as far as the bound allows.
/// </summary>
internal class ReplyReader(ServiceRules rules)
{
    /// <summary>Longest content that rules are applied to; what is longer is compared as it is.</summary>
    protected const int LongestText = 256 * 1024;

    /// <summary>Longest content that is kept for a sample.</summary>
    public const int LongestSample = 64 * 1024;

    private static readonly ConcurrentBag<XxHash3> Hashes = [];

    private bool isBegun;
    private bool keepsText;
    private int version;
    private bool isSampled;
    private int longest = LongestText;
    private XxHash3? hash;
    private ArrayBufferWriter<byte>? text;
    private List<IssuedName>? issued;

    /// <summary>The content is kept until <see cref="End"/>, which then takes its time.</summary>
    public bool KeepsText
    {
        get
        {
            Begin();
            return keepsText;
        }
    }

    /// <summary>The version of the rules that were applied; what was read with others cannot be compared.</summary>
    public int RulesVersion => version;

    /// <summary>Whether it can read another reply of the same service after <see cref="Reset"/>, of whatever connection.</summary>
    public virtual bool IsReusable => false;

    /// <summary>Bytes of content so far.</summary>
    public long Length { get; private set; }

    /// <summary>Hash of the content, wildcards applied; valid after <see cref="End"/>.</summary>
    public ulong Hash { get; private set; }

    /// <summary>Bytes of the content as it is, without rules; valid after <see cref="End"/>.</summary>
    public long PlainLength { get; private set; }

    /// <summary>Hash of the content as it is, without rules; valid after <see cref="End"/>.</summary>
    public ulong PlainHash { get; private set; }

    /// <summary>
    /// The content as text, wildcards applied, of a reply that is kept for a sample (<see cref="KeepForSample"/>); valid after
    /// <see cref="End"/>. Null of any other, and of one that is too long.
    /// </summary>
    public string? Text { get; private set; }

    /// <summary>Names that the server gave out, in order; null when none.</summary>
    public IReadOnlyList<IssuedName>? Issued => issued;

    /// <summary>The content is kept as text, for a sample. Before the first bytes.</summary>
    public void KeepForSample() => isSampled = true;

    /// <summary>The next bytes, of which the first are the reply's head.</summary>
    public virtual void Append(ReadOnlySpan<byte> bytes, int headLength) => AppendContent(bytes[headLength..]);

    /// <summary>The reply has ended.</summary>
    public virtual void End()
    {
        Begin();
        (PlainLength, PlainHash) = (Length, hash?.GetCurrentHashAsUInt64() ?? 0);
        if (isSampled && !keepsText && Length <= LongestSample)
            Text = text is null ? "" : Encoding.Latin1.GetString(text.WrittenSpan);
        if (keepsText && text is not null && Length <= longest)
        {
            var content = Encoding.Latin1.GetString(text.WrittenSpan);
            var patterns = rules.Identities;
            for (var rule = 0; rule < patterns.Count; rule++)
            {
                var number = rule;
                content = patterns[rule].Replace(content, match => TakeName(match, number));
            }

            var replaced = WildcardRules.Replace(content, rules.ReplyWildcards);
            // A wildcard, or a name, may stand for texts of different lengths.
            Length = replaced.Length;
            Hash = XxHash3.HashToUInt64(MemoryMarshal.AsBytes(replaced.AsSpan()));
            Text = isSampled && replaced.Length <= LongestSample ? replaced : null;
        }
        else
        {
            Hash = PlainHash;
        }

        // They have changed meanwhile: nobody knows which were applied.
        if (rules.Version != version)
            version = -1;
        text = null;
        if (hash is null)
            return;
        hash.Reset();
        Hashes.Add(hash);
        hash = null;
    }

    /// <summary>Forgets everything that was read.</summary>
    public virtual void Reset()
    {
        isBegun = false;
        (Length, Hash, PlainLength, PlainHash, text, issued) = (0, 0, 0, 0, null, null);
        (isSampled, Text, longest) = (false, null, LongestText);
        hash?.Reset();
    }

    /// <summary>A reply is read with the rules that are in force when it begins: a reader may have waited for one for long.</summary>
    private void Begin()
    {
        if (isBegun)
            return;
        isBegun = true;
        (keepsText, version) = (rules.ReplyWildcards.Count > 0 || rules.Identities.Count > 0, rules.Version);
    }

    /// <summary>Whether names are looked for that the server gives out.</summary>
    protected bool HasIdentities => rules.Identities.Count > 0;

    /// <summary>The content so far, as far as it is kept; empty where it is not, or is too long.</summary>
    protected ReadOnlyMemory<byte> KeptText => text is not null && Length <= LongestText ? text.WrittenMemory : default;

    /// <summary>Forgets the content, but not the names: it is read anew, in another form.</summary>
    /// <param name="most">Longest content in that form that rules are applied to.</param>
    protected void ResetContent(int most)
    {
        (Length, text, longest) = (0, null, most);
        hash?.Reset();
    }

    /// <summary>Looks for declared names outside the content; nothing of that is compared.</summary>
    protected void FindNames(string where)
    {
        var patterns = rules.Identities;
        for (var rule = 0; rule < patterns.Count; rule++)
        {
            for (var match = patterns[rule].Match(where); match.Success; match = match.NextMatch())
                (issued ??= []).Add(new IssuedName(match.Groups[^1].Value, IsDeclared: true, rule));
        }
    }

    /// <summary>The next bytes of the content.</summary>
    protected void AppendContent(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;
        Begin();
        Length += bytes.Length;
        hash ??= Hashes.TryTake(out var used) ? used : new XxHash3();
        hash.Append(bytes);
        if (keepsText ? Length <= longest : isSampled && Length <= LongestSample)
            (text ??= new ArrayBufferWriter<byte>(1024)).Write(bytes);
    }

    /// <summary>The server gave out a name where sessions are named.</summary>
    protected void Issue(string name) => (issued ??= []).Add(new IssuedName(name, IsDeclared: false));

    /// <summary>A declared name is each side's own, so it is not compared.</summary>
    private string TakeName(Match match, int rule)
    {
        var name = match.Groups[^1];
        // A group that took no part names nothing.
        if (!name.Success)
            return match.Value;
        (issued ??= []).Add(new IssuedName(name.Value, IsDeclared: true, rule));
        var from = name.Index - match.Index;
        return $"{match.Value[..from]}*{match.Value[(from + name.Length)..]}";
    }
}
