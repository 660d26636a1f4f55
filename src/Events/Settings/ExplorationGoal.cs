using System.Text.Json.Serialization;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Settings;

/// <summary>What an exploration is for.</summary>
[JsonConverter(typeof(NamedEnumConverter<ExplorationGoal>))]
public enum ExplorationGoal
{
    /// <summary>The agreement is broken: find what keeps it. Such a decision never lowers an allocation.</summary>
    KeepAgreement,

    /// <summary>There is slack: find how little would do. Such a decision never raises an allocation.</summary>
    ReleaseSlack,
}
