namespace JustRunIt.Bench.Fidelity;

/// <summary>What is measured.</summary>
/// <param name="Shares">CPU shares of both sides; fractions of a core.</param>
/// <param name="Utilizations">Loads, as fractions of what the smallest share bears.</param>
/// <param name="Settle">Before each measurement.</param>
/// <param name="Measure">Length of each measurement.</param>
internal sealed record Plan(double[] Shares, double[] Utilizations, TimeSpan Settle, TimeSpan Measure)
{
    /// <summary>How far the clone is behind.</summary>
    public static readonly TimeSpan TimeShift = TimeSpan.FromSeconds(2);

    /// <summary>Mean think time of the clients.</summary>
    public static readonly TimeSpan ThinkTime = TimeSpan.FromSeconds(1);

    /// <summary>Clients without think time that saturate the server while its capacity is measured.</summary>
    public const int SaturatingClients = 16;

    /// <summary>For how long.</summary>
    public static readonly TimeSpan Saturation = TimeSpan.FromSeconds(8);

    /// <summary>How long a clone may take to work off what is left from another load.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>By how much a clone's response times may differ from the original's and be no backlog, whatever the load.</summary>
    public static readonly TimeSpan Negligible = TimeSpan.FromMilliseconds(20);

    /// <summary>About five minutes.</summary>
    public static Plan Full { get; } = new([0.3, 0.4, 0.5], [0.5, 0.8], TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(16));

    /// <summary>About a minute and a half.</summary>
    public static Plan Quick { get; } = new([0.4], [0.5, 0.8], TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(10));
}
