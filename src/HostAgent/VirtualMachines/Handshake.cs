using System.Text.Json;
using JustRunIt.Events.Messaging;
using JustRunIt.HostAgent.Hypervisors;

namespace JustRunIt.HostAgent.VirtualMachines;

/// <summary>What two agents say to each other while a virtual machine moves: one JSON object a line.</summary>
internal sealed class Handshake : IAsyncDisposable
{
    private readonly StreamReader reader;
    private readonly StreamWriter writer;

    /// <summary>Talks over a connection, which stays open afterwards.</summary>
    public Handshake(Stream connection)
    {
        reader = new StreamReader(connection, leaveOpen: true);
        writer = new StreamWriter(connection, leaveOpen: true) { AutoFlush = true };
    }

    /// <summary>Identifies the running kernel: equal on agents of one host.</summary>
    public static string BootId => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>Says something.</summary>
    public async Task SayAsync<T>(T what, CancellationToken cancellation) =>
        await writer.WriteLineAsync(JsonSerializer.Serialize(what, Wire.Json).AsMemory(), cancellation);

    /// <summary>Says why it goes no further, if anybody is there to hear it.</summary>
    public async Task TryRefuseAsync(string reason)
    {
        try
        {
            await SayAsync(new Ready("", "") { Refused = reason }, CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The other agent has gone.
        }
    }

    /// <summary>Hears what the other says.</summary>
    /// <exception cref="HypervisorException">It refuses, or says nothing any more.</exception>
    public async Task<T> HearAsync<T>(CancellationToken cancellation)
        where T : Step
    {
        try
        {
            var line = await reader.ReadLineAsync(cancellation) ?? throw new HypervisorException("the other agent has gone");
            var step = JsonSerializer.Deserialize<T>(line, Wire.Json)!;
            return step.Refused is { } reason ? throw new HypervisorException(reason) : step;
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            throw new HypervisorException($"the other agent: {e.Message}");
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        reader.Dispose();
        await writer.DisposeAsync();
    }

    /// <summary>A step of the move.</summary>
    internal record Step
    {
        /// <summary>Why it goes no further; null when it does.</summary>
        public string? Refused { get; init; }
    }

    /// <summary>The sender's first word.</summary>
    /// <param name="Host">Its <see cref="BootId"/>.</param>
    /// <param name="Vm">What is to move.</param>
    /// <param name="Namespace">Name of the network namespace that it is in.</param>
    /// <param name="Disk">Its overlay; null without a disk.</param>
    internal sealed record Offer(string Host, RunningVm Vm, string Namespace, string? Disk) : Step;

    /// <summary>The receiver waits for the copy.</summary>
    /// <param name="Uri">Where.</param>
    /// <param name="Namespace">Name that the namespace is to have from then on.</param>
    internal sealed record Ready(string Uri, string Namespace) : Step;
}
