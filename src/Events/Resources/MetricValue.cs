using System.Text.Json.Serialization;

namespace JustRunIt.Events.Resources;

/// <summary>A measured or interpolated value of a metric.</summary>
public readonly record struct MetricValue
{
    /// <summary>A value, with its error where one is known.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not finite, or a negative error.</exception>
    [JsonConstructor]
    public MetricValue(double value, double? standardError = null)
    {
        if (!double.IsFinite(value))
            throw new ArgumentOutOfRangeException(nameof(value), value, "A metric's value is finite.");
        if (standardError is { } error && (!double.IsFinite(error) || error < 0))
            throw new ArgumentOutOfRangeException(nameof(standardError), error, "An error is finite and not negative.");
        Value = value;
        StandardError = standardError;
    }

    /// <summary>In the metric's unit; finite.</summary>
    public double Value { get; }

    /// <summary>
    /// Standard error of a measured value, estimated error of an interpolated one, in the metric's unit; null when unknown.
    /// </summary>
    public double? StandardError { get; }
}
