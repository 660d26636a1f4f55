using System.Text.Json;
using JustRunIt.Client.Supervision;

namespace JustRunIt.Demo;

/// <summary>The clients of one instance of a sample.</summary>
internal sealed class Emulator : IAsyncDisposable
{
    private readonly List<double> throughputPerSecond = [];
    private readonly ChildProcess process;

    private Emulator(string sample, string target, int clients, TimeSpan think, int seed, int users, string log) =>
        process = ChildProcess.Start(
        "emulator",
        Programs.OfSample(sample, "Emulator"),
        [
            "--target", target,
            "--clients", $"{clients}",
            "--think-time", $"{think.TotalMilliseconds:0}ms",
            "--seed", $"{seed}",
            "--users", $"{users}",
        ],
        new Dictionary<string, string>(),
        log,
        Read);

    /// <summary>Starts clients.</summary>
    /// <param name="sample">Auction or Bookstore.</param>
    /// <param name="target">Its web tier.</param>
    /// <param name="clients">How many at first.</param>
    /// <param name="think">Mean think time.</param>
    /// <param name="seed">Of all that is drawn.</param>
    /// <param name="users">Users that the database was seeded with.</param>
    /// <param name="log">File for its figures.</param>
    public static Emulator Start(string sample, string target, int clients, TimeSpan think, int seed, int users, string log) =>
        new(sample, target, clients, think, seed, users, log);

    /// <summary>Changes how many clients there are.</summary>
    public Task SetClientsAsync(int clients) => process.SendAsync($"clients {clients}");

    /// <summary>Changes how long they think.</summary>
    public Task SetThinkTimeAsync(TimeSpan think) => process.SendAsync($"think {think.TotalMilliseconds:0}ms");

    /// <summary>Mean throughput over the last seconds, successful requests a second.</summary>
    public double ThroughputPerSecond(int lastSeconds)
    {
        lock (throughputPerSecond)
            return throughputPerSecond.TakeLast(lastSeconds).DefaultIfEmpty(0).Average();
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => process.DisposeAsync();

    private void Read(string line)
    {
        using var json = JsonDocument.Parse(line);
        lock (throughputPerSecond)
            throughputPerSecond.Add(json.RootElement.GetProperty("throughputPerSecond").GetDouble());
    }
}
