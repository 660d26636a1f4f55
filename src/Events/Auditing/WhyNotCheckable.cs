using System.Text.Json.Serialization;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Auditing;

/// <summary>Why a decision cannot be made again: a closed list, counted by an audit. None of them is a pass.</summary>
[JsonConverter(typeof(NamedEnumConverter<WhyNotCheckable>))]
public enum WhyNotCheckable
{
    /// <summary>It bears no record: a program wrote it that recorded no decisions.</summary>
    OlderThanRecords,

    /// <summary>The rule of that version, or the way in which the states were folded that it read, is no longer in the program.</summary>
    RuleGone,

    /// <summary>The message that it answered is of a version that this program does not read.</summary>
    MessageGone,

    /// <summary>It rests on defaults of another program, which are recorded nowhere.</summary>
    DefaultsGone,

    /// <summary>Its record, or an event that it rests on, cannot be read by this program.</summary>
    Unreadable,
}
