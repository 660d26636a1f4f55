namespace JustRunIt.ProxyNode.Http;

/// <summary>What a proxy must know of a message's head to delimit it. The bytes themselves are relayed as they came.</summary>
internal readonly record struct MessageHead
{
    /// <summary>Bytes from the first of the start line to the last of the empty line.</summary>
    public required int Length { get; init; }

    /// <summary>How its body ends. For a reply that depends on the request, see <see cref="ForReplyTo"/>.</summary>
    public required BodyKind Body { get; init; }

    /// <summary>Length of the body, where <see cref="Body"/> is <see cref="BodyKind.Length"/>.</summary>
    public long ContentLength { get; init; }

    /// <summary>Status code of a reply; 0 for a request.</summary>
    public int Status { get; init; }

    /// <summary>Whether the connection can bear another message after this one (RFC 9112 §9.3).</summary>
    public bool KeepAlive { get; init; }

    /// <summary>The request is HEAD: its reply has no body whatever its head says.</summary>
    public bool IsHead { get; init; }

    /// <summary>The request is CONNECT: whatever follows a reply that agrees is the tunnel's (RFC 9110 §9.3.6).</summary>
    public bool IsConnect { get; init; }

    /// <summary>
    /// After a reply that agrees, the connection speaks another protocol: CONNECT, or <c>Upgrade</c>, where <c>Connection</c> names it and
    /// what it offers is more than HTTP/2 (RFC 9110 §7.8).
    /// </summary>
    public bool MaySwitchProtocol { get; init; }

    /// <summary>The request offers to go on in HTTP/2 (<c>Upgrade: h2c</c>, RFC 7540 §3.2), and in nothing else.</summary>
    public bool OffersHttp2 { get; init; }

    /// <summary>The sender waits for an interim reply before it sends the body (RFC 9110 §10.1.1).</summary>
    public bool ExpectsContinue { get; init; }

    /// <summary>An interim reply, after which the final one follows. 101 is final: the protocol changes.</summary>
    public bool IsInterim => Status is >= 100 and < 200 and not 101;

    /// <summary>The reply's body, now that the request is known (RFC 9112 §6.3, rule 1).</summary>
    public MessageHead ForReplyTo(bool head) =>
        head || Status is (>= 100 and < 200) or 204 or 304 ? this with { Body = BodyKind.None } : this;
}
