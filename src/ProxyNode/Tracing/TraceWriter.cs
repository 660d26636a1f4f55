using System.Threading.Channels;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Files;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Relaying;

namespace JustRunIt.ProxyNode.Tracing;

/// <summary>
/// Records the traffic of an in-proxy into a file (§6), apart from the connections: what the disk cannot take is left out and
/// counted, and when the file has its size the recording ends.
/// </summary>
internal sealed class TraceWriter : IAsyncDisposable
{
    /// <summary>Bytes of requests that may wait for the disk.</summary>
    private const long MostWaiting = 64L << 20;

    private static readonly TimeSpan FlushEvery = TimeSpan.FromSeconds(1);

    private readonly FileStream file;
    private readonly long sizeLimitBytes;
    private readonly IMessageProtocol protocol;
    private readonly ServiceRules rules;
    private readonly TimeProvider clock;
    private readonly long startedAt;
    private readonly Channel<TraceTap> ended = Channel.CreateUnbounded<TraceTap>(new() { SingleReader = true });
    private readonly Task writing;
    private long waiting;
    private long connections;
    private long exchanges;
    private long lost;
    private long size;
    private volatile bool isFull;

    private TraceWriter(FileStream file, long sizeLimitBytes, IMessageProtocol protocol, ServiceRules rules, TimeProvider clock)
    {
        (this.file, this.sizeLimitBytes, this.protocol, this.rules, this.clock) = (file, sizeLimitBytes, protocol, rules, clock);
        startedAt = clock.GetTimestamp();
        using (var head = new BinaryWriter(file, TraceFormat.Text, leaveOpen: true))
            TraceFormat.WriteHead(head, protocol.Name, clock.GetUtcNow(), TraceRules.Of(rules));
        file.Flush();
        size = file.Length;
        writing = Task.Run(WriteAsync);
    }

    /// <summary>What was recorded so far.</summary>
    public TraceFigures Figures => new(
        Interlocked.Read(ref exchanges), Interlocked.Read(ref size), Interlocked.Read(ref lost), isFull);

    /// <summary>Begins a new file.</summary>
    /// <exception cref="ConfigurationException">It cannot be written, or is there already.</exception>
    public static TraceWriter Create(string file, long sizeLimitBytes, IMessageProtocol protocol, ServiceRules rules, TimeProvider clock)
    {
        if (protocol.OpenReply(rules) is null)
        {
            throw new ConfigurationException(
                $"command line: --record: '{file}': traffic of {protocol.Name} is not recorded, for its sessions depend on each "
                + $"other's data; allowed are {ProtocolRegistry.TraceableNames}");
        }

        try
        {
            var stream = OwnerOnly.Open(file, FileMode.CreateNew, bufferSize: 256 * 1024);
            return new TraceWriter(stream, sizeLimitBytes, protocol, rules, clock);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"command line: --record: '{file}': {e.Message}; allowed is a file that is not there yet");
        }
    }

    /// <summary>Records a new connection, besides what others see of it.</summary>
    public IConnectionTaps Open(IConnectionTaps others) => new TraceTaps(this, others, Interlocked.Increment(ref connections));

    /// <summary>A request begins; null when it is not recorded.</summary>
    public TraceTap? Begin(in ClientStep step, long connection, long arrival, ITap? other) =>
        step.IsPrivate || isFull ? null : new TraceTap(this, connection, arrival, step.IsOneWay, protocol.OpenReply(rules)!, other);

    /// <summary>Bytes of a request are kept until they are written; false when too many wait.</summary>
    public bool TryHold(int bytes)
    {
        if (Interlocked.Add(ref waiting, bytes) <= MostWaiting)
            return true;
        Interlocked.Add(ref waiting, -bytes);
        return false;
    }

    /// <summary>Kept bytes are given up.</summary>
    public void LetGo(int bytes) => Interlocked.Add(ref waiting, -bytes);

    /// <summary>An exchange is over.</summary>
    public void Ended(TraceTap exchange)
    {
        if (exchange.IsLost || !ended.Writer.TryWrite(exchange))
            Lose(exchange);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        ended.Writer.TryComplete();
        await writing.ConfigureAwait(false);
        await file.DisposeAsync().ConfigureAwait(false);
    }

    private async Task WriteAsync()
    {
        using var frame = new MemoryStream();
        using var writer = new BinaryWriter(frame, TraceFormat.Text);
        var flushed = clock.GetTimestamp();
        while (await ended.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (ended.Reader.TryRead(out var exchange))
            {
                Write(exchange, frame, writer);
                if (clock.GetElapsedTime(flushed) < FlushEvery)
                    continue;
                Flush();
                flushed = clock.GetTimestamp();
            }

            // Nothing waits: what was recorded is on file, whatever happens to this process.
            Flush();
        }
    }

    private void Write(TraceTap exchange, MemoryStream frame, BinaryWriter writer)
    {
        frame.SetLength(TraceFormat.FrameHead);
        frame.Position = TraceFormat.FrameHead;
        var entry = exchange.ToEntry(clock, startedAt);
        TraceFormat.WriteExchange(writer, entry, exchange.RequestBytes);
        writer.Flush();
        var bytes = frame.GetBuffer().AsSpan(0, (int)frame.Length);
        TraceFormat.Seal(bytes);
        isFull |= size + bytes.Length > sizeLimitBytes;
        if (isFull)
        {
            Lose(exchange);
            return;
        }

        try
        {
            file.Write(bytes);
        }
        catch (IOException)
        {
            // The disk is full: what is on file so far is good up to its last whole frame.
            isFull = true;
            Lose(exchange);
            return;
        }

        Interlocked.Add(ref size, bytes.Length);
        Interlocked.Increment(ref exchanges);
        LetGo(exchange.RequestBytes.Length);
    }

    private void Flush()
    {
        try
        {
            file.Flush();
        }
        catch (IOException)
        {
            isFull = true;
        }
    }

    private void Lose(TraceTap exchange)
    {
        Interlocked.Increment(ref lost);
        LetGo(exchange.RequestBytes.Length);
    }
}

/// <summary>What a recording holds.</summary>
/// <param name="Exchanges">Exchanges on file.</param>
/// <param name="Bytes">Size of the file.</param>
/// <param name="Lost">Exchanges left out because the disk was too slow, or the file full.</param>
/// <param name="IsFull">The file has reached its size, or the disk is full: the recording is over.</param>
internal sealed record TraceFigures(long Exchanges, long Bytes, long Lost, bool IsFull);
