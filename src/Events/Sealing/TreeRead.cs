using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Sealing;

/// <summary>
/// The tree over all events has grown, and its checkpoint is signed. Not sent to anybody: it is the message that <see
/// cref="CheckpointSigned"/> answers.
/// </summary>
/// <param name="Log">The log's name.</param>
/// <param name="Size">Number of the tree's leaves: events that are in it.</param>
/// <param name="Root">Its root (SHA-256), as base64.</param>
/// <param name="Note">The signed note: C2SP's <c>tlog-checkpoint</c>.</param>
[WireName("justrunit.tree-read.v1")]
public sealed record TreeRead([Named] string Log, long Size, string Root, string Note) : IReport;
