using JustRunIt.Samples.Core.CommandLine;

namespace JustRunIt.Samples.Emulating;

/// <summary>Command line of a client emulator.</summary>
/// <param name="Target">The web tier.</param>
/// <param name="Clients">Clients at the start.</param>
/// <param name="ThinkTime">Mean time between a reply and the next request.</param>
/// <param name="Seed">Of all that is drawn.</param>
/// <param name="Mix">File of the Markov model.</param>
/// <param name="Users">Users that were seeded.</param>
public sealed record EmulatorOptions(Uri Target, int Clients, TimeSpan ThinkTime, int Seed, string Mix, int Users)
{
    /// <summary>Largest number of clients.</summary>
    public const int MaximumClients = 10_000;

    /// <summary>The parser of a sample's emulator.</summary>
    public static CommandLineParser Parser(string sample, string mix) => new(
        $"{sample}-emulator",
        $"emulates clients of the {sample}: sessions, think times, a Markov model of what they do",
        [
            new Option("--target", "HOST:PORT", "the web tier", IsRequired: true),
            new Option("--clients", "N", "clients at the start, 0 to 10000; each has one request at a time under way", IsRequired: true),
            new Option("--think-time", "DURATION", "mean time between a reply and the next request, exponentially distributed", "1s"),
            new Option("--seed", "N", "of all that is drawn at random, 0 to 2147483647", "1"),
            new Option("--mix", "FILE", $"transition probabilities (default: {mix} beside the program)", ""),
            new Option("--users", "N", "users that the database was seeded with, 1 to 100000", "1000"),
        ],
        """
        Commands on standard input, one a line: 'clients N', 'think DURATION', 'stop'.
        Each second one line of JSON on standard output: at, clients, requests, errors, throughputPerSecond, meanMs, p95Ms, p99Ms.
        """);

    /// <summary>The options as they were given.</summary>
    public static EmulatorOptions From(Arguments arguments, string mix) => new(
        new Uri($"http://{arguments.HostAndPort("--target")}"),
        arguments.Integer("--clients", 0, MaximumClients),
        arguments.Duration("--think-time"),
        arguments.Integer("--seed", 0, int.MaxValue),
        arguments.Find("--mix") is { Length: > 0 } file ? file : Path.Combine(AppContext.BaseDirectory, mix),
        arguments.Integer("--users", 1, 100_000));
}
