using System.Text.Json.Serialization;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Timers;

/// <summary>What a timer is for.</summary>
[JsonConverter(typeof(NamedEnumConverter<TimerKind>))]
public enum TimerKind
{
    /// <summary>A clone was asked for and has not been heard of.</summary>
    CloneOverdue,

    /// <summary>An experiment was started and has not been heard of.</summary>
    ExperimentOverdue,

    /// <summary>The sandbox machine was held by another matrix.</summary>
    SandboxRetry,

    /// <summary>A placement was in progress when another was asked for.</summary>
    PlacementRetry,

    /// <summary>A migration or allocation was asked for and has not been heard of.</summary>
    StepOverdue,
}
