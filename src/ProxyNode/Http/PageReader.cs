using System.Text;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.Http;

/// <summary>
/// Content of a reply that may be a page with links: session ids within them (<c>;jsessionid=</c>, Servlet 6.0 §7.1.3) are
/// names that the server gives out, and are not compared. Of a service with rules for replies a compressed page is read in plain.
/// </summary>
internal abstract class PageReader(ServiceRules rules) : ReplyReader(rules)
{
    private const int LongestId = 256;

    /// <summary>Most bytes that a compressed page may become for rules to be applied; what is longer is compared as it is.</summary>
    private const int LongestPage = 4 * LongestText;

    private readonly List<string> headers = [];
    private readonly StringBuilder id = new();
    private int matched;
    private bool inId;
    private string? last;
    private string? coding;

    /// <inheritdoc />
    public override void End()
    {
        if (coding is { } of && KeptText is { IsEmpty: false } coded && ContentCoding.Decode(of, coded, LongestPage) is { } plain)
        {
            coding = null;
            ResetContent(LongestPage);
            AppendPage(plain);
        }

        EndId();
        base.End();
        foreach (var header in headers)
            FindNames(header);
        headers.Clear();
    }

    /// <inheritdoc />
    public override void Reset()
    {
        base.Reset();
        id.Clear();
        (matched, inId, last, coding) = (0, false, null, null);
        headers.Clear();
    }

    /// <summary>Of a service with rules for replies: a header, which may give out a name or say how the page is coded.</summary>
    protected void AppendHeader(string name, string value)
    {
        if (HasIdentities)
            headers.Add($"{name}: {value}");
        if (name.Equals("content-encoding", StringComparison.OrdinalIgnoreCase) && !ContentCoding.IsPlain(value))
            coding = value;
    }

    /// <summary>Where a redirection leads: of a server that sets no cookies, the only place that names a new session.</summary>
    protected void ReadLocation(ReadOnlySpan<byte> location)
    {
        if (location.IndexOf(Prefix) is not (>= 0 and var at))
            return;
        var name = location[(at + Prefix.Length)..];
        var length = 0;
        while (length < name.Length && length < LongestId && IsOfId(name[length]))
            length++;
        if (length > 0)
            Issue(Encoding.Latin1.GetString(name[..length]));
    }

    /// <summary>The next bytes of the page.</summary>
    protected void AppendPage(ReadOnlySpan<byte> bytes)
    {
        if (coding is not null)
        {
            AppendContent(bytes);
            return;
        }

        while (!bytes.IsEmpty)
        {
            if (inId)
                bytes = bytes[TakeId(bytes)..];
            else if (matched > 0)
                bytes = bytes[TakePrefix(bytes)..];
            else
                bytes = bytes[TakeText(bytes)..];
        }
    }

    private static ReadOnlySpan<byte> Prefix => ";jsessionid="u8;

    private int TakeText(ReadOnlySpan<byte> bytes)
    {
        var at = bytes.IndexOf(Prefix);
        if (at >= 0)
        {
            at += Prefix.Length;
            inId = true;
        }
        else
        {
            // The prefix holds no second semicolon: only the last one can begin it in what comes next.
            at = bytes.Length;
            var semicolon = bytes.LastIndexOf(Prefix[0]);
            if (semicolon >= 0 && Prefix.StartsWith(bytes[semicolon..]))
                matched = bytes.Length - semicolon;
        }

        AppendContent(bytes[..at]);
        return at;
    }

    private int TakePrefix(ReadOnlySpan<byte> bytes)
    {
        if (bytes[0] != Prefix[matched])
        {
            matched = 0;
            return 0;
        }

        AppendContent(bytes[..1]);
        if (++matched == Prefix.Length)
            (matched, inId) = (0, true);
        return 1;
    }

    private int TakeId(ReadOnlySpan<byte> bytes)
    {
        var count = 0;
        while (count < bytes.Length && id.Length < LongestId && IsOfId(bytes[count]))
            id.Append((char)bytes[count++]);
        if (count < bytes.Length)
            EndId();
        return count;
    }

    private void EndId()
    {
        inId = false;
        if (id.Length == 0)
            return;
        var name = id.ToString();
        id.Clear();
        // A page names the same session in each of its links.
        if (name != last)
            Issue(last = name);
    }

    private static bool IsOfId(byte c) =>
        char.IsAsciiLetterOrDigit((char)c) || c is (byte)'.' or (byte)'-' or (byte)'_' or (byte)'!' or (byte)'*';
}
