namespace JustRunIt.Events.Placement.Packing;

/// <summary>Sums of resources against capacities, with room for what binary fractions do to sums.</summary>
internal static class Load
{
    private const double Tolerance = 1e-9;

    public static bool Fits(double load, double capacity) => load <= capacity * (1 + Tolerance);

    /// <summary>Whether every resource of a load fits.</summary>
    public static bool Fits(IReadOnlyList<double> load, IReadOnlyList<double> capacity)
    {
        for (var i = 0; i < load.Count; i++)
        {
            if (!Fits(load[i], capacity[i]))
                return false;
        }

        return true;
    }

    public static bool IsMore(double wanted, double present) => wanted > present + (Tolerance * Math.Max(1, present));

    public static void Add(double[] sum, IReadOnlyList<double> amounts, double sign = 1)
    {
        for (var i = 0; i < sum.Length; i++)
            sum[i] += sign * amounts[i];
    }
}
