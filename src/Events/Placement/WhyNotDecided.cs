using System.Text.Json.Serialization;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Placement;

/// <summary>Why a matrix decided no allocation: a closed list.</summary>
[JsonConverter(typeof(NamedEnumConverter<WhyNotDecided>))]
public enum WhyNotDecided
{
    /// <summary>Cells have no value although no heuristic cancelled them.</summary>
    Incomplete,

    /// <summary>A larger allocation breaks the agreement that a smaller one keeps.</summary>
    Contradictory,

    /// <summary>A newer matrix of the tier was judged, or slack was seen and the agreement is broken meanwhile.</summary>
    Superseded,

    /// <summary>It was measured too long ago.</summary>
    TooOld,

    /// <summary>What the exploration is about has its cause outside of the tier.</summary>
    CauseOutside,

    /// <summary>There is slack, but nothing smaller than what the servers have keeps the agreement.</summary>
    NothingToGain,

    /// <summary>The tier's servers are not known here.</summary>
    NoServer,

    /// <summary>The service is under management no longer.</summary>
    Withdrawn,
}
