using System.Threading.Tasks.Sources;

namespace JustRunIt.ProxyNode.Sockets;

/// <summary>A receive or a send that waits for its socket; used again for the next one.</summary>
internal sealed class Operation : IValueTaskSource<int>
{
    private ManualResetValueTaskSourceCore<int> source;
    private volatile bool isBusy;

    /// <summary>Somebody waits for it, or has not taken its result yet.</summary>
    public bool IsBusy => isBusy;

    /// <summary>What is received into, or sent; what was sent of it is gone.</summary>
    public Memory<byte> Bytes { get; set; }

    /// <summary>What is received into, where that has memory only when something comes.</summary>
    public IReceiveBuffer? Buffer { get; set; }

    /// <summary>Bytes that a send is of in all.</summary>
    public int Length { get; private set; }

    /// <summary>Begins to wait.</summary>
    /// <param name="bytes">What is received into, or is left to be sent.</param>
    /// <param name="length">Bytes that a send is of in all.</param>
    public ValueTask<int> Begin(Memory<byte> bytes, int length = 0)
    {
        isBusy = true;
        (Bytes, Length) = (bytes, length);
        source.Reset();
        return new ValueTask<int>(this, source.Version);
    }

    /// <summary>Ends the wait. Whoever waits goes on upon this thread.</summary>
    public void Succeed(int result)
    {
        (Bytes, Buffer) = (default, null);
        source.RunContinuationsAsynchronously = false;
        source.SetResult(result);
    }

    /// <summary>Ends the wait. Whoever waits hears of it on another thread.</summary>
    public void Fail(Exception error)
    {
        (Bytes, Buffer) = (default, null);
        source.RunContinuationsAsynchronously = true;
        source.SetException(error);
    }

    /// <inheritdoc />
    public int GetResult(short token)
    {
        try
        {
            return source.GetResult(token);
        }
        finally
        {
            isBusy = false;
        }
    }

    /// <inheritdoc />
    public ValueTaskSourceStatus GetStatus(short token) => source.GetStatus(token);

    /// <inheritdoc />
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        source.OnCompleted(continuation, state, token, flags);
}
