using JustRunIt.Auction.Shared.CommandLine;

namespace JustRunIt.Auction.Emulator;

/// <summary>Command line of the client emulator.</summary>
internal sealed record EmulatorOptions(Uri Target, int Clients, TimeSpan ThinkTime, int Seed, string Mix, int Users)
{
    /// <summary>Largest number of clients.</summary>
    public const int MaximumClients = 10_000;

    public static readonly CommandLineParser Parser = new(
        "auction-emulator",
        "emulates clients of the auction: sessions, think times, a Markov model of what they do",
        [
            new Option("--target", "HOST:PORT", "the web tier", IsRequired: true),
            new Option("--clients", "N", "clients at the start, 0 to 10000; each has one request at a time under way", IsRequired: true),
            new Option("--think-time", "DURATION", "mean time between a reply and the next request, exponentially distributed", "1s"),
            new Option("--seed", "N", "of all that is drawn at random, 0 to 2147483647", "1"),
            new Option("--mix", "FILE", "transition probabilities (default: the bidding mix beside the program)", ""),
            new Option("--users", "N", "users that the data tier was seeded with, 1 to 100000", "1000"),
        ],
        """
        Commands on standard input, one a line: 'clients N', 'think DURATION', 'stop'.
        Each second one line of JSON on standard output: at, clients, requests, errors, throughputPerSecond, meanMs, p95Ms, p99Ms.
        """);

    public static EmulatorOptions From(Arguments arguments) => new(
        new Uri($"http://{arguments.HostAndPort("--target")}"),
        arguments.Integer("--clients", 0, MaximumClients),
        arguments.Duration("--think-time"),
        arguments.Integer("--seed", 0, int.MaxValue),
        arguments.Find("--mix") is { Length: > 0 } mix ? mix : Path.Combine(AppContext.BaseDirectory, "bidding-mix.json"),
        arguments.Integer("--users", 1, 100_000));
}
