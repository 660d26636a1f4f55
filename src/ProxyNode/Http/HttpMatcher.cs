using System.Text;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Http;

/// <summary>HTTP requests to a next tier: each stands for itself, whichever connection it takes.</summary>
internal sealed class HttpMatcher(WildcardRules rules) : Matcher
{
    private static readonly byte[] Continue = "HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray();
    private static readonly ReadOnlyMemory<byte> NotOnRecord = Reply("502 Bad Gateway", "No reply to such a request is on record.\n");
    private static readonly ReadOnlyMemory<byte> NotOnRecordOfHead = HttpDialogue.HeadOf(NotOnRecord);

    /// <inheritdoc />
    public override RequestKeys? KeysOf(ReadOnlySpan<byte> request) => HttpKeys.Of(request, rules);

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Missing(ReadOnlySpan<byte> request) =>
        request.StartsWith("HEAD "u8) ? NotOnRecordOfHead : NotOnRecord;

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Prompt(Dialogue dialogue) =>
        dialogue is HttpDialogue { ClientAwaitsContinue: true } ? Continue : default;

    private static byte[] Reply(string status, string text) => Encoding.ASCII.GetBytes(
        $"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {text.Length}\r\n\r\n{text}");
}
