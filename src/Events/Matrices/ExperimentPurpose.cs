using System.Text.Json.Serialization;

namespace JustRunIt.Events.Matrices;

/// <summary>Why an experiment is run.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ExperimentPurpose>))]
public enum ExperimentPurpose
{
    /// <summary>To fill a blank cell (§2.2.2).</summary>
    Explore,

    /// <summary>To validate an interpolated cell that a decision used (§2.2.3).</summary>
    Validate,
}
