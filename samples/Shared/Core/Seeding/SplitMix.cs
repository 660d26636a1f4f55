namespace JustRunIt.Samples.Core.Seeding;

/// <summary>SplitMix64: a generator whose sequence is part of our own code, so that seeds mean the same on every runtime version.</summary>
public struct SplitMix(ulong seed)
{
    private ulong state = seed;

    /// <summary>A whole number from 0 to <paramref name="bound"/> − 1.</summary>
    public int Next(int bound)
    {
        state += 0x9E3779B97F4A7C15;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        z ^= z >> 31;
        return (int)(z % (ulong)bound);
    }

    /// <summary>A hash of text that does not change from process to process (FNV-1a).</summary>
    public static ulong Hash(ReadOnlySpan<char> text)
    {
        var hash = 14695981039346656037UL;
        foreach (var character in text)
            hash = (hash ^ character) * 1099511628211UL;
        return hash;
    }
}
