namespace JustRunIt.Events.Sealing;

/// <summary>A checkpoint with its signatures.</summary>
/// <param name="Note">The note, of which the checkpoint is the text.</param>
/// <param name="Checkpoint">What it says.</param>
public sealed record SealedNote(SignedNote Note, Checkpoint Checkpoint)
{
    /// <summary>Reads one.</summary>
    /// <param name="text">The note.</param>
    /// <param name="read">What it says.</param>
    /// <param name="problem">Where it is none: what is wrong.</param>
    public static bool TryRead(string text, out SealedNote read, out string problem)
    {
        var (checkpoint, isRead) = (new Checkpoint("", 0, ""), false);
        if (SignedNote.TryRead(text, out var note, out problem))
            isRead = Checkpoint.TryRead(note.Text, out checkpoint, out problem);
        read = new SealedNote(note, checkpoint);
        return isRead;
    }
}
