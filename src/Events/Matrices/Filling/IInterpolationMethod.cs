namespace JustRunIt.Events.Matrices.Filling;

/// <summary>A way to fill blank cells (§2.2.3).</summary>
public interface IInterpolationMethod
{
    /// <summary>Its name, recorded with each value.</summary>
    string Name { get; }

    /// <summary>The value of a blank cell; null when the measured cells do not enclose it: nothing is ever extrapolated.</summary>
    /// <param name="shape">The matrix.</param>
    /// <param name="measured">Measured values by cell.</param>
    /// <param name="blank">A cell of the matrix that is not measured.</param>
    InterpolatedValue? Interpolate(MatrixShape shape, IReadOnlyDictionary<Cell, double> measured, Cell blank);
}
