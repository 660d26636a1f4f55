using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Channels;
using JustRunIt.ProxyNode.Http;

namespace JustRunIt.ProxyNode.Replaying;

/// <summary>
/// The clone's side of one on-line connection: duplicates in the same order, each when it is due and the one before it is
/// answered. Runs apart from the on-line connection and outlives it until everything is answered.
/// </summary>
internal sealed class ShadowConnection : IAsyncDisposable
{
    private readonly Replay replay;
    private readonly TimeProvider clock;
    private readonly CancellationToken stop;
    private readonly Channel<Exchange> queue = Channel.CreateUnbounded<Exchange>(new() { SingleReader = true, SingleWriter = true });
    private readonly Task running;
    private Socket? socket;
    private PipeReader? reader;
    private long dropBefore;

    public ShadowConnection(Replay replay, TimeProvider clock, CancellationToken stop)
    {
        this.replay = replay;
        this.clock = clock;
        this.stop = stop;
        running = Task.Run(RunAsync, CancellationToken.None);
    }

    /// <summary>Everything was answered, and nothing more comes.</summary>
    public bool HasEnded => running.IsCompleted;

    /// <summary>Adds a duplicate; false when the replay has stopped.</summary>
    public bool TryAdd(Exchange exchange) => !HasEnded && queue.Writer.TryWrite(exchange);

    /// <summary>The on-line connection has ended: no more duplicates come.</summary>
    public void Complete() => queue.Writer.TryComplete();

    /// <summary>Gives up what was due before, and whatever the clone is working on.</summary>
    public void Drop(long dueBefore)
    {
        Interlocked.Exchange(ref dropBefore, dueBefore);
        Volatile.Read(ref socket)?.Dispose();
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        Complete();
        Volatile.Read(ref socket)?.Dispose();
        await running.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        try
        {
            await foreach (var exchange in queue.Reader.ReadAllAsync(stop).ConfigureAwait(false))
            {
                await WaitUntilAsync(exchange.Due).ConfigureAwait(false);
                var status = exchange.Due < Interlocked.Read(ref dropBefore)
                    ? Answer.NoReply
                    : await SendAsync(exchange).ConfigureAwait(false);
                exchange.SandboxAnswered(clock.GetTimestamp(), status);
            }
        }
        catch (OperationCanceledException)
        {
            // The replay has stopped.
        }
        finally
        {
            Disconnect();
            queue.Writer.TryComplete();
            while (queue.Reader.TryRead(out var left))
                left.SandboxAnswered(clock.GetTimestamp(), Answer.NoReply);
        }
    }

    private async Task WaitUntilAsync(long due)
    {
        // Timers fire at whole milliseconds: the nearest one, so that the error has no bias.
        var milliseconds = Math.Round(clock.GetElapsedTime(clock.GetTimestamp(), due).TotalMilliseconds);
        if (milliseconds > 0)
            await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), clock, stop).ConfigureAwait(false);
    }

    private async Task<int> SendAsync(Exchange exchange)
    {
        // A server may close a connection that idles; like any client, once more on a new one.
        for (var isReused = socket is not null; ; isReused = false)
        {
            try
            {
                await ConnectAsync().ConfigureAwait(false);
                var bytes = exchange.RequestBytes;
                while (!bytes.IsEmpty)
                    bytes = bytes[await socket!.SendAsync(bytes, stop).ConfigureAwait(false)..];
                var head = await ReadReplyAsync(exchange.IsHead).ConfigureAwait(false);
                if (head.Status != Answer.NoReply && head.KeepAlive)
                    return head.Status;
                Disconnect();
                if (head.Status != Answer.NoReply || !isReused)
                    return head.Status;
            }
            catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or HttpSyntaxException)
            {
                Disconnect();
                if (!isReused || exchange.Due < Interlocked.Read(ref dropBefore))
                    return Answer.NoReply;
            }
        }
    }

    private async Task ConnectAsync()
    {
        if (socket is not null)
            return;
        var connecting = new Socket(replay.Sandbox.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Volatile.Write(ref socket, connecting);
        await connecting.ConnectAsync(replay.Sandbox, stop).ConfigureAwait(false);
        reader = PipeReader.Create(new NetworkStream(connecting), new StreamPipeReaderOptions(bufferSize: 16 * 1024));
    }

    /// <summary>Reads a reply to its end; status 0 when the clone closed before.</summary>
    private async Task<MessageHead> ReadReplyAsync(bool requestWasHead)
    {
        MessageHead? head = null;
        var scanner = default(BodyScanner);
        while (true)
        {
            var result = await reader!.ReadAsync(stop).ConfigureAwait(false);
            var buffer = result.Buffer;
            while (!buffer.IsEmpty)
            {
                if (head is null)
                {
                    if (!HeadParser.TryReadReply(buffer, out var parsed))
                        break;
                    buffer = buffer.Slice(parsed.Length);
                    if (parsed.IsInterim)
                        continue;
                    head = parsed.ForReplyTo(requestWasHead);
                    scanner = new BodyScanner(head.Value);
                }

                buffer = buffer.Slice(scanner.Advance(buffer.FirstSpan));
                if (scanner.IsDone)
                    break;
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
            if (head is { } complete && (scanner.IsDone || (result.IsCompleted && scanner.EndsWithConnection)))
                return scanner.IsDone ? complete : complete with { KeepAlive = false };
            if (result.IsCompleted)
                return default(MessageHead) with { Status = Answer.NoReply };
        }
    }

    private void Disconnect()
    {
        Interlocked.Exchange(ref socket, null)?.Dispose();
        reader = null;
    }
}
