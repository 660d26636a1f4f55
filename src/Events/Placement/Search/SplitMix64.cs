namespace JustRunIt.Events.Placement.Search;

/// <summary>
/// The SplitMix64 generator (Steele, Lea and Flood, OOPSLA 2014): its sequence is fixed by its definition, so that a
/// replay makes the same choices on every platform and runtime.
/// </summary>
internal sealed class SplitMix64(ulong seed)
{
    private ulong state = seed;

    public ulong NextUInt64()
    {
        state += 0x9E3779B97F4A7C15;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>From 0 to <paramref name="exclusive"/> − 1. The bias is below 2^-32 for the small numbers used here.</summary>
    public int Next(int exclusive) => (int)(((NextUInt64() >> 32) * (ulong)exclusive) >> 32);

    /// <summary>From 0 inclusive to 1 exclusive.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));
}
