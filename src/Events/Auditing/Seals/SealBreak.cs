using System.Text.Json.Serialization;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Auditing.Seals;

/// <summary>How a store shows that it was changed.</summary>
[JsonConverter(typeof(NamedEnumConverter<SealBreak>))]
public enum SealBreak
{
    /// <summary>An event is no longer what it was when it was appended.</summary>
    Changed,

    /// <summary>An event is gone of which the hash is still there, or of which only its place in the tree is.</summary>
    Removed,

    /// <summary>An event has no hash: it was added past what every append goes through, or its hash was taken away.</summary>
    Unhashed,

    /// <summary>A hash is not that of its bytes and its predecessor's hash.</summary>
    WrongHash,

    /// <summary>A stream lacks a version, or has one twice.</summary>
    BrokenStream,

    /// <summary>An event has no place in the tree, and a later one has; or its place is not the next.</summary>
    Unsealed,

    /// <summary>The tree's root is not what a checkpoint says of so many events.</summary>
    OtherRoot,

    /// <summary>A checkpoint says more events than there are: the store was set back, or cut off.</summary>
    CutOff,

    /// <summary>A checkpoint is not signed with the key.</summary>
    NotSigned,
}
