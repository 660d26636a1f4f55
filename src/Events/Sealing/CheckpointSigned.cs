using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Sealing;

/// <summary>
/// All events up to one are sealed: whoever keeps the note can prove later whether any of them was changed, added or taken away. On the
/// log's own stream, by the Checker.
/// </summary>
/// <param name="Log">The log's name.</param>
/// <param name="Size">Number of events that are in the tree.</param>
/// <param name="Root">The tree's root (SHA-256), as base64.</param>
/// <param name="Note">The signed note: C2SP's <c>tlog-checkpoint</c>.</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.checkpoint-signed.v1")]
public sealed record CheckpointSigned([Named] string Log, long Size, string Root, string Note, DateTimeOffset At) : IDomainEvent;
