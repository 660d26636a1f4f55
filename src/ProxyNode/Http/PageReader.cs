using System.Text;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.Http;

/// <summary>
/// Content of a reply that may be a page with links: session ids within them (<c>;jsessionid=</c>, Servlet 6.0 §7.1.3) are
/// names that the server gives out, and are not compared.
/// </summary>
internal abstract class PageReader(ServiceRules rules) : ReplyReader(rules)
{
    private const int LongestId = 256;

    private readonly StringBuilder id = new();
    private int matched;
    private bool inId;
    private string? last;

    /// <inheritdoc />
    public override void End()
    {
        EndId();
        base.End();
    }

    /// <inheritdoc />
    public override void Reset()
    {
        base.Reset();
        id.Clear();
        (matched, inId, last) = (0, false, null);
    }

    /// <summary>The next bytes of the page.</summary>
    protected void AppendPage(ReadOnlySpan<byte> bytes)
    {
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
