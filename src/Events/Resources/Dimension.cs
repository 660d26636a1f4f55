namespace JustRunIt.Events.Resources;

/// <summary>One dimension of a matrix: a resource and the equally spaced allocations to try (§2.2.2).</summary>
/// <param name="Resource">For example <see cref="ResourceNames.Cpu"/>, in cores, or <see cref="ResourceNames.Memory"/>, in MiB.</param>
/// <param name="Minimum">Smallest allocation.</param>
/// <param name="Maximum">Largest allocation; more than <paramref name="Minimum"/>.</param>
/// <param name="Points">Number of allocations, both ends included; two or more.</param>
public sealed record Dimension(string Resource, double Minimum, double Maximum, int Points)
{
    /// <summary>
    /// The allocation at <paramref name="index"/>, from 0 to <see cref="Points"/> − 1. Rounded to twelve digits, so that 0.7 is 0.7.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is outside the dimension.</exception>
    public double ValueAt(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Points);
        return Math.Round(Minimum + ((Maximum - Minimum) * index / (Points - 1)), 12);
    }

    /// <summary>What is wrong with the dimension, one line a field; empty when nothing is.</summary>
    public IEnumerable<string> Validate()
    {
        if (string.IsNullOrWhiteSpace(Resource))
            yield return "resource: must be named";
        if (!double.IsFinite(Minimum) || !double.IsFinite(Maximum))
            yield return $"minimum, maximum: {Minimum} to {Maximum}; must be finite";
        else if (Maximum <= Minimum)
            yield return $"maximum: {Maximum}; must be more than the minimum, {Minimum}";
        if (Points < 2)
            yield return $"points: {Points}; must be two or more";
    }
}
