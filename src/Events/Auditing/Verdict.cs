using System.Text.Json.Serialization;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Auditing;

/// <summary>What came of making a decision again.</summary>
[JsonConverter(typeof(NamedEnumConverter<Verdict>))]
public enum Verdict
{
    /// <summary>The same event, byte for byte in its wire form, at the same place.</summary>
    Same,

    /// <summary>Another event, or none, or one more.</summary>
    Different,

    /// <summary>Nobody can say.</summary>
    NotCheckable,
}
