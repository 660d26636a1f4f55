using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Exchanges;

namespace JustRunIt.ProxyNode.Tracing;

/// <summary>One request of recorded traffic, and how it was answered.</summary>
internal sealed record TraceEntry
{
    /// <summary>Number of its connection, from 1.</summary>
    public required long Connection { get; init; }

    /// <summary>When its first byte was read, since the recording began.</summary>
    public required TimeSpan Arrival { get; init; }

    /// <summary>
    /// From the arrival to when the reply's last bytes were received, before the client could know of them; or to the end of the
    /// connection without a reply.
    /// </summary>
    public required TimeSpan ResponseTime { get; init; }

    /// <summary>The protocol's own code, or <see cref="Answer.NoReply"/>.</summary>
    public required int Status { get; init; }

    /// <summary>The server failed, or did not answer.</summary>
    public required bool IsError { get; init; }

    /// <summary>The server does not answer such a request.</summary>
    public required bool IsOneWay { get; init; }

    /// <summary>Bytes of the reply's content, wildcards applied.</summary>
    public required long ReplyLength { get; init; }

    /// <summary>Hash of the reply's content, wildcards applied.</summary>
    public required ulong ReplyHash { get; init; }

    /// <summary>Bytes of the reply's content as it was, no rules applied; those with rules where the trace does not tell.</summary>
    public long PlainReplyLength { get; init; }

    /// <summary>Hash of the reply's content as it was, no rules applied; that with rules where the trace does not tell.</summary>
    public ulong PlainReplyHash { get; init; }

    /// <summary>Names that the server gave out in the reply.</summary>
    public required IReadOnlyList<IssuedName> Issued { get; init; }

    /// <summary>When it was completed, since the recording began. What the client did because of the reply arrived later.</summary>
    public TimeSpan End => Arrival + ResponseTime;
}
