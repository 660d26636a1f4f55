using System.Text.Json.Serialization;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Hosts;

/// <summary>What a machine is for.</summary>
[JsonConverter(typeof(NamedEnumConverter<MachineRole>))]
public enum MachineRole
{
    /// <summary>Hosts on-line virtual machines.</summary>
    Production,

    /// <summary>Off until a placement needs it.</summary>
    Spare,

    /// <summary>Hosts clones under experiment only.</summary>
    Sandbox,
}
