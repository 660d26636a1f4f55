using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using JustRunIt.HostAgent.Files;
using JustRunIt.HostAgent.Machines;

namespace JustRunIt.HostAgent.VirtualMachines;

/// <summary>
/// The QEMU Machine Protocol over a unix socket (QEMU documentation, interop/qmp-spec): one JSON object a line, answers by id,
/// events between them. QEMU talks to one client at a time, so one is opened for each work and closed after it.
/// </summary>
internal sealed class QmpClient : IAsyncDisposable
{
    // On a busy machine QEMU takes its time to come to listen; one that has ended is not waited for.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(10);
    private static readonly DateTimeOffset Epoch = DateTimeOffset.UnixEpoch;

    /// <summary>The longest answers list all block nodes; a guest has no part in any of it.</summary>
    private const int LongestLineBytes = 4 << 20;

    /// <summary>More than any copy has: one that tells more is not QEMU as we know it.</summary>
    private const int MostEvents = 100_000;

    private readonly NetworkStream stream;
    private readonly LineReader reader;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonElement>> waiting = new();
    private readonly List<QmpEvent> events = [];
    private readonly SemaphoreSlim oneWriter = new(1);
    private readonly Task reading;
    private TaskCompletionSource news = New();
    private string? ended;
    private int lastId;

    private QmpClient(NetworkStream stream, LineReader reader)
    {
        this.stream = stream;
        this.reader = reader;
        reading = ReadAsync();
    }

    /// <summary>Everything that QEMU has told since the client was opened.</summary>
    public IReadOnlyList<QmpEvent> Events
    {
        get
        {
            lock (events)
                return [.. events];
        }
    }

    /// <summary>Opens one; a QEMU that is just starting is waited for.</summary>
    /// <param name="socket">Path of its socket.</param>
    /// <param name="dead">The reason why it will never listen; null while it may.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="HostException">QEMU has ended, or does not listen in time.</exception>
    public static async Task<QmpClient> OpenAsync(string socket, Func<string?> dead, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        while (true)
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            QmpClient? client = null;
            try
            {
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), patience.Token);
                var stream = new NetworkStream(connection, ownsSocket: true);
                var reader = new LineReader(stream, LongestLineBytes);
                // It greets once the client before has gone.
                var greeting = await reader.ReadAsync(patience.Token) ?? throw new IOException("QEMU closed the connection");
                if (!JsonDocument.Parse(greeting).RootElement.TryGetProperty("QMP", out _))
                    throw new HostException($"{socket} does not speak QMP");
                client = new QmpClient(stream, reader);
                await client.ExecuteAsync("qmp_capabilities", null, patience.Token);
                return client;
            }
            catch (Exception e) when (e is SocketException or IOException or HostException or JsonException)
            {
                // Nobody listens yet, or QEMU is still busy with the end of the client before and drops the next.
                if (client is not null)
                    await client.DisposeAsync();
                connection.Dispose();
                if (dead() is { } reason)
                    throw new HostException($"QEMU ended: {reason}");
                await Task.Delay(RetryInterval, cancellation);
                if (patience.IsCancellationRequested)
                    throw new HostException($"QEMU does not listen at {socket}: {e.Message}");
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                connection.Dispose();
                throw new HostException($"QEMU does not answer at {socket} within {Patience.TotalSeconds:0} s");
            }
        }
    }

    /// <summary>Runs a command; returns what it returns.</summary>
    /// <exception cref="HostException">QEMU refuses, with its own words, or has ended.</exception>
    public async Task<JsonElement> ExecuteAsync(string command, JsonObject? arguments, CancellationToken cancellation)
    {
        var id = Interlocked.Increment(ref lastId);
        var answer = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting[id] = answer;
        var request = new JsonObject { ["execute"] = command, ["id"] = id };
        if (arguments is not null)
            request["arguments"] = arguments;
        await oneWriter.WaitAsync(cancellation);
        try
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(request.ToJsonString() + "\n"), cancellation);
        }
        catch (IOException e)
        {
            throw new HostException($"QEMU, {command}: {e.Message}");
        }
        finally
        {
            oneWriter.Release();
        }

        if (ended is { } reason)
            throw new HostException($"QEMU, {command}: {reason}");
        var reply = await answer.Task.WaitAsync(cancellation);
        return reply.TryGetProperty("error", out var error)
            ? throw new HostException($"QEMU refuses {command}: {error.GetProperty("desc").GetString()}")
            : reply.GetProperty("return");
    }

    /// <summary>Waits for the first event that fits.</summary>
    /// <param name="seen">How many of <see cref="Events"/> do not count.</param>
    /// <param name="fits">Which event is meant.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="HostException">QEMU has ended.</exception>
    public async Task<QmpEvent> WaitAsync(int seen, Func<QmpEvent, bool> fits, CancellationToken cancellation)
    {
        while (true)
        {
            Task next;
            lock (events)
            {
                for (; seen < events.Count; seen++)
                {
                    if (fits(events[seen]))
                        return events[seen];
                }

                if (ended is { } reason)
                    throw new HostException($"QEMU: {reason}");
                next = news.Task;
            }

            await next.WaitAsync(cancellation);
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        await reading;
        oneWriter.Dispose();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task ReadAsync()
    {
        var reason = "the connection was closed";
        try
        {
            while (await reader.ReadAsync() is { } line)
                Take(JsonDocument.Parse(line).RootElement);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Also an answer that is none of the protocol's: whoever waits for one must hear that none comes.
            reason = HostException.OneLine(e);
        }

        lock (events)
        {
            ended = reason;
            news.TrySetResult();
        }

        foreach (var (_, answer) in waiting)
            answer.TrySetException(new HostException($"QEMU: {reason}"));
    }

    private void Take(JsonElement message)
    {
        if (message.TryGetProperty("event", out var name))
        {
            var time = message.GetProperty("timestamp");
            var at = Epoch.AddSeconds(time.GetProperty("seconds").GetInt64()).AddMicroseconds(time.GetProperty("microseconds").GetInt64());
            lock (events)
            {
                if (events.Count >= MostEvents)
                    throw new IOException($"it told more than {MostEvents} events");
                events.Add(new QmpEvent(name.GetString()!, message.TryGetProperty("data", out var data) ? data : default, at));
                news.TrySetResult();
                news = New();
            }
        }
        else if (message.TryGetProperty("id", out var id) && waiting.TryRemove(id.GetInt32(), out var answer))
        {
            answer.TrySetResult(message);
        }
    }
}
