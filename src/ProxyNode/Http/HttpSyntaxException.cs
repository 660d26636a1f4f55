using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.Http;

/// <summary>
/// A message that is no HTTP/1.1, or that two readers could delimit in two ways (RFC 9112 §11.2, request smuggling). It is
/// refused and never forwarded.
/// </summary>
internal sealed class HttpSyntaxException(string message) : ProtocolException(message);
