using System.Text.Json.Serialization;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Matrices;

/// <summary>Why an experiment is run.</summary>
[JsonConverter(typeof(NamedEnumConverter<ExperimentPurpose>))]
public enum ExperimentPurpose
{
    /// <summary>To fill a blank cell (§2.2.2).</summary>
    Explore,

    /// <summary>To validate an interpolated cell that a decision used (§2.2.3).</summary>
    Validate,
}
