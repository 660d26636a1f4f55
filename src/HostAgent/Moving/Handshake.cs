using System.Text.Json;
using JustRunIt.Events.Messaging;
using JustRunIt.HostAgent.Files;
using JustRunIt.HostAgent.Machines;

namespace JustRunIt.HostAgent.Moving;

/// <summary>What two agents say to each other while a virtual machine moves: one JSON object a line.</summary>
internal sealed class Handshake : IAsyncDisposable
{
    // An offer holds how a server was started, environment and all.
    private const int LongestLineBytes = 1 << 20;

    private readonly LineReader reader;
    private readonly StreamWriter writer;

    /// <summary>Talks over a connection, which stays open afterwards.</summary>
    public Handshake(Stream connection)
    {
        reader = new LineReader(connection, LongestLineBytes);
        writer = new StreamWriter(connection, leaveOpen: true) { AutoFlush = true };
    }

    /// <summary>For what takes no time while the virtual machine stands still.</summary>
    public static TimeSpan ShortPatience { get; } = TimeSpan.FromSeconds(30);

    /// <summary>For copying while it runs.</summary>
    public static TimeSpan LongPatience { get; } = TimeSpan.FromMinutes(10);

    /// <summary>Identifies the running kernel: equal on agents of one host.</summary>
    public static string BootId => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>Says something.</summary>
    /// <exception cref="HostException">The other agent has gone.</exception>
    public async Task SayAsync<T>(T what, CancellationToken cancellation)
    {
        try
        {
            await writer.WriteLineAsync(JsonSerializer.Serialize(what, Wire.Json).AsMemory(), cancellation);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            throw new HostException($"the other agent: {e.Message}");
        }
    }

    /// <summary>Says why it goes no further, if anybody is there to hear it.</summary>
    public async Task TryRefuseAsync(string reason)
    {
        try
        {
            await SayAsync(new Step { Refused = reason }, CancellationToken.None);
        }
        catch (HostException)
        {
            // The other agent has gone.
        }
    }

    /// <summary>Hears what the other says.</summary>
    /// <exception cref="HostException">It refuses, says nothing any more, or not in time.</exception>
    public async Task<T> HearAsync<T>(TimeSpan patience, CancellationToken cancellation)
        where T : Step
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(patience);
        try
        {
            var line = await reader.ReadAsync(limit.Token) ?? throw new HostException("the other agent has gone");
            var step = JsonSerializer.Deserialize<T>(line, Wire.Json) ?? throw new JsonException("it said nothing");
            return step.Refused is { } reason ? throw new HostException(reason) : step;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new HostException($"the other agent has said nothing for {patience.TotalSeconds:0} s");
        }
        catch (Exception e) when (e is IOException or JsonException or ArgumentException or InvalidOperationException or FormatException)
        {
            throw new HostException($"the other agent: {HostException.OneLine(e)}");
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        try
        {
            await writer.DisposeAsync();
        }
        catch (IOException)
        {
            // The other agent has gone.
        }
    }

    /// <summary>A step of the move.</summary>
    internal record Step
    {
        /// <summary>Why it goes no further; null when it does.</summary>
        public string? Refused { get; init; }

        /// <summary>What the back end's other half must know for it.</summary>
        public IReadOnlyDictionary<string, string> Details { get; init; } = new Dictionary<string, string>();

        /// <summary>One of them.</summary>
        /// <exception cref="HostException">The other agent did not say it.</exception>
        public string Detail(string key) =>
            Details.TryGetValue(key, out var value) ? value : throw new HostException($"the other agent did not say '{key}'");

        /// <summary>One of them that is a path.</summary>
        /// <exception cref="HostException">The other agent did not say it, or no path.</exception>
        public string PathDetail(string key) => OfferCheck.PathOf(key, Detail(key));
    }

    /// <summary>The sender's first word. Nothing of it is taken on trust (<see cref="OfferCheck"/>).</summary>
    /// <param name="Host">Its <see cref="BootId"/>.</param>
    /// <param name="BackEnd">Its back end.</param>
    /// <param name="Vm">What is to move.</param>
    /// <param name="Record">Path of the <see cref="MoveRecord"/>.</param>
    /// <param name="Namespace">Name of the network namespace that it is in.</param>
    /// <param name="Table">Name of its network's rules.</param>
    internal sealed record Offer(string Host, string BackEnd, RunningVm Vm, string Record, string Namespace, string Table) : Step;
}
