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
    private const int LongestText = 256 * 1024;

    private static readonly ConcurrentBag<XxHash3> Hashes = [];

    private readonly bool keepsText = rules.ReplyWildcards.Count > 0 || rules.Identities.Count > 0;
    private XxHash3? hash;
    private ArrayBufferWriter<byte>? text;
    private List<IssuedName>? issued;

    /// <summary>The content is kept until <see cref="End"/>, which then takes its time.</summary>
    public bool KeepsText => keepsText;

    /// <summary>Whether it can read another reply of the same service after <see cref="Reset"/>, of whatever connection.</summary>
    public virtual bool IsReusable => false;

    /// <summary>Bytes of content so far.</summary>
    public long Length { get; private set; }

    /// <summary>Hash of the content, wildcards applied; valid after <see cref="End"/>.</summary>
    public ulong Hash { get; private set; }

    /// <summary>Names that the server gave out, in order; null when none.</summary>
    public IReadOnlyList<IssuedName>? Issued => issued;

    /// <summary>The next bytes, of which the first are the reply's head.</summary>
    public virtual void Append(ReadOnlySpan<byte> bytes, int headLength) => AppendContent(bytes[headLength..]);

    /// <summary>The reply has ended.</summary>
    public virtual void End()
    {
        if (text is not null && Length <= LongestText)
        {
            var content = Encoding.Latin1.GetString(text.WrittenSpan);
            foreach (var pattern in rules.Identities)
                content = pattern.Replace(content, TakeName);
            var replaced = WildcardRules.Replace(content, rules.ReplyWildcards);
            // A wildcard, or a name, may stand for texts of different lengths.
            Length = replaced.Length;
            Hash = XxHash3.HashToUInt64(MemoryMarshal.AsBytes(replaced.AsSpan()));
        }
        else
        {
            Hash = hash?.GetCurrentHashAsUInt64() ?? 0;
        }

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
        (Length, Hash, text, issued) = (0, 0, null, null);
        hash?.Reset();
    }

    /// <summary>The next bytes of the content.</summary>
    protected void AppendContent(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;
        Length += bytes.Length;
        hash ??= Hashes.TryTake(out var used) ? used : new XxHash3();
        hash.Append(bytes);
        if (keepsText && Length <= LongestText)
            (text ??= new ArrayBufferWriter<byte>(1024)).Write(bytes);
    }

    /// <summary>The server gave out a name where sessions are named.</summary>
    protected void Issue(string name) => (issued ??= []).Add(new IssuedName(name, IsDeclared: false));

    /// <summary>A declared name is each side's own, so it is not compared.</summary>
    private string TakeName(Match match)
    {
        var name = match.Groups[^1];
        (issued ??= []).Add(new IssuedName(name.Value, IsDeclared: true));
        var from = name.Index - match.Index;
        return $"{match.Value[..from]}*{match.Value[(from + name.Length)..]}";
    }
}
