using System.Diagnostics.Tracing;

namespace JustRunIt.ProxyNode.Tests.Soaking;

/// <summary>Counts how many pooled buffers are out, by the events of the runtime's shared pools.</summary>
internal sealed class BufferBalance : EventListener
{
    private const int Rented = 1;
    private const int Returned = 3;

    private long balance;

    /// <summary>Rented and not returned since the start.</summary>
    public long Out => Interlocked.Read(ref balance);

    /// <inheritdoc />
    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "System.Buffers.ArrayPoolEventSource")
            EnableEvents(eventSource, EventLevel.Verbose);
    }

    /// <inheritdoc />
    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventId == Rented)
            Interlocked.Increment(ref balance);
        else if (eventData.EventId == Returned)
            Interlocked.Decrement(ref balance);
    }
}
