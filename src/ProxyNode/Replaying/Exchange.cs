using System.Buffers;
using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.Relaying;

namespace JustRunIt.ProxyNode.Replaying;

/// <summary>One on-line request with its duplicate: what was asked, and how long each side took to answer.</summary>
internal sealed class Exchange(Replay replay, ShadowConnection shadow, bool isHead, long arrival) : ITap
{
    private byte[]? buffer = ArrayPool<byte>.Shared.Rent(512);
    private int length;

    /// <summary>The connection to the clone that its duplicate takes.</summary>
    public ShadowConnection Shadow { get; } = shadow;

    /// <summary>When the on-line request's first byte was read.</summary>
    public long Arrival { get; } = arrival;

    /// <summary>The reply has no body (RFC 9110 §9.3.2).</summary>
    public bool IsHead { get; } = isHead;

    /// <summary>When the duplicate is due: the sandbox' clock starts here, so that a slow clone cannot hide its queue.</summary>
    public long Due { get; } = replay.DueAt(arrival);

    /// <summary>The on-line side; its end is 0 while it is not answered.</summary>
    public Answer Online { get; private set; }

    /// <summary>The sandbox side; its end is 0 while it is not answered.</summary>
    public Answer Sandbox { get; private set; }

    /// <summary>The duplicate was never sent, because memory was short.</summary>
    public bool IsShed { get; private set; }

    /// <summary>Both sides have answered or will never.</summary>
    public bool IsComplete => Online.EndedAt != 0 && (Sandbox.EndedAt != 0 || IsShed);

    /// <summary>The duplicate's bytes; empty once they were given back.</summary>
    public ReadOnlyMemory<byte> RequestBytes => buffer is null ? default : buffer.AsMemory(0, length);

    /// <inheritdoc />
    public void Request(ReadOnlySpan<byte> bytes)
    {
        if (buffer is null)
            return;
        if (!replay.TryHold(bytes.Length))
        {
            Shed();
            return;
        }

        if (length + bytes.Length > buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent((length + bytes.Length) * 2);
            buffer.AsSpan(0, length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }

        bytes.CopyTo(buffer.AsSpan(length));
        length += bytes.Length;
    }

    /// <inheritdoc />
    public void RequestEnded()
    {
        if (!IsShed && !Shadow.TryAdd(this))
            Shed();
    }

    /// <inheritdoc />
    public void Reply(ReadOnlySpan<byte> bytes)
    {
    }

    /// <inheritdoc />
    public void ReplyEnded(in MessageHead head, long at) => Online = new Answer(at, head.Status);

    /// <inheritdoc />
    public void Aborted(long at) => Online = new Answer(at, Answer.NoReply);

    /// <summary>The clone has answered; <paramref name="status"/> is <see cref="Answer.NoReply"/> when it did not.</summary>
    public void SandboxAnswered(long at, int status)
    {
        Sandbox = new Answer(at, status);
        Release();
    }

    private void Shed()
    {
        IsShed = true;
        replay.CountShed();
        Release();
    }

    private void Release()
    {
        if (Interlocked.Exchange(ref buffer, null) is not { } released)
            return;
        replay.LetGo(length);
        ArrayPool<byte>.Shared.Return(released);
    }
}

/// <summary>How one side answered.</summary>
/// <param name="EndedAt">Timestamp of the last byte of the reply, or of giving up; 0 when neither has happened.</param>
/// <param name="Status">HTTP status code, or <see cref="NoReply"/>.</param>
internal readonly record struct Answer(long EndedAt, int Status)
{
    /// <summary>The connection ended without a reply.</summary>
    public const int NoReply = 0;

    /// <summary>A reply of status 5xx, or none.</summary>
    public bool IsError => Status is NoReply or >= 500;
}
