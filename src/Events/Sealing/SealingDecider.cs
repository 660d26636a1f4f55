using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Sealing;

/// <summary>States the checkpoints of a log: each is larger than the one before.</summary>
public sealed class SealingDecider : IDecider<TreeRead>
{
    /// <inheritdoc />
    public string Name => "sealing";

    /// <inheritdoc />
    public int Version => 1;

    /// <summary>The tree was read.</summary>
    public Decision Decide(IReading reading, TreeRead message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(cause);
        var stream = Streams.Seal(message.Log);
        return reading.State<SealState>(stream).Last is { } last && last.Size >= message.Size
            ? Decision.Nothing(WhyNothing.Unchanged, $"{last.Size} events of {message.Log} are sealed already")
            : Decision.On(stream, new CheckpointSigned(message.Log, message.Size, message.Root, message.Note, cause.At));
    }
}
