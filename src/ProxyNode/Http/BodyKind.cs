namespace JustRunIt.ProxyNode.Http;

/// <summary>How a message's body ends (RFC 9112 §6.3).</summary>
internal enum BodyKind
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>After so many bytes.</summary>
    Length,

    /// <summary>With the last chunk and its trailers.</summary>
    Chunked,

    /// <summary>When the server closes the connection; replies only.</summary>
    UntilClose,
}
