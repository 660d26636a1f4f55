using System.Text.Json;
using JustRunIt.Console.Supervision;

namespace JustRunIt.Console.Demo;

/// <summary>The clients of one auction.</summary>
internal sealed class Emulator : IAsyncDisposable
{
    private readonly List<double> throughputPerSecond = [];
    private readonly ChildProcess process;

    private Emulator(string target, int clients, TimeSpan think, int seed, string log) => process = ChildProcess.Start(
        "emulator",
        Programs.OfAuction("Emulator"),
        ["--target", target, "--clients", $"{clients}", "--think-time", $"{think.TotalMilliseconds:0}ms", "--seed", $"{seed}", "--users", $"{DemoPlan.Users}"],
        new Dictionary<string, string>(),
        log,
        Read);

    /// <summary>Starts clients.</summary>
    public static Emulator Start(string target, int clients, TimeSpan think, int seed, string log) => new(target, clients, think, seed, log);

    /// <summary>Changes how many clients there are.</summary>
    public Task SetClientsAsync(int clients) => process.SendAsync($"clients {clients}");

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
