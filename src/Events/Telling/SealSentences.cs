using JustRunIt.Events.Messaging;
using JustRunIt.Events.Sealing;
using static JustRunIt.Events.Telling.Sentences;

namespace JustRunIt.Events.Telling;

/// <summary>Words for checkpoints; null for other events.</summary>
internal static class SealSentences
{
    public static string? Of(IDomainEvent @event) => @event switch
    {
        CheckpointSigned e => Say($"the first {e.Size} events of {e.Log} are sealed, with root {e.Root}"),
        _ => null,
    };
}
