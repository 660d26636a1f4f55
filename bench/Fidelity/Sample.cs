namespace JustRunIt.Bench.Fidelity;

/// <summary>A sample as the benchmark runs it.</summary>
/// <param name="Name">Its folder.</param>
/// <param name="Rows">How much its database is seeded with.</param>
/// <param name="Work">What a page costs its application tier: some milliseconds of CPU.</param>
internal sealed record Sample(string Name, string[] Rows, string[] Work)
{
    /// <summary>Users of each.</summary>
    public const int Users = 500;

    /// <summary>Both.</summary>
    public static IReadOnlyList<Sample> All { get; } =
    [
        new("Auction", ["--items", "2000", "--users", $"{Users}"], ["--candidates", "2000"]),
        new("Bookstore", ["--books", "2000", "--users", $"{Users}"], ["--books", "2000", "--histories", "30000"]),
    ];

    /// <summary>What the proxies must know of it: the documentation's example.</summary>
    public string Rules => $"docs/examples/{Name.ToLowerInvariant()}-rules.yaml";
}
