namespace JustRunIt.Events.Auditing.Seals;

/// <summary>What stands in a store under one number: each part may be missing, where somebody has taken it away.</summary>
/// <param name="Sequence">The number, among all events.</param>
/// <param name="Event">The event.</param>
/// <param name="Link">Its link to its predecessor on the stream.</param>
/// <param name="Leaf">Its number in the tree, from 0; null while it is not sealed.</param>
public sealed record SealedRow(long Sequence, StoredEvent? Event, ChainLink? Link, long? Leaf);

/// <summary>All of an event that is hashed.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Stream">Its stream.</param>
/// <param name="Version">Its number on the stream, from 1.</param>
/// <param name="WireName">Its wire name.</param>
/// <param name="At">When it was appended, as <see cref="CanonicalEvent"/> has it.</param>
/// <param name="CausationId">Id of the message that led to it.</param>
/// <param name="CorrelationId">What ties it to everything that one trigger led to.</param>
/// <param name="Headers">What stands beside it (JSON).</param>
/// <param name="Body">Its body (JSON).</param>
public sealed record StoredEvent(
    Guid Id,
    string Stream,
    long Version,
    string WireName,
    string At,
    string? CausationId,
    string? CorrelationId,
    string? Headers,
    string Body);

/// <summary>The hash of an event, over what it was when it was appended and over the hash of its predecessor.</summary>
/// <param name="Canonical">What was hashed: <see cref="CanonicalEvent"/>.</param>
/// <param name="Hash">SHA-256 of the predecessor's hash, 32 zeros for none, and <paramref name="Canonical"/>.</param>
/// <param name="IsSame">Whether the event's own bytes would be the same today; where they are not, its values are compared.</param>
public sealed record ChainLink(ReadOnlyMemory<byte> Canonical, ReadOnlyMemory<byte> Hash, bool IsSame);
