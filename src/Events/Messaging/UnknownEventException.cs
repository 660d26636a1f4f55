namespace JustRunIt.Events.Messaging;

/// <summary>A stream holds an event that is not known: newer software wrote it, or a wrong stream was read.</summary>
public sealed class UnknownEventException : Exception
{
    /// <summary>A state cannot evolve with an event.</summary>
    public UnknownEventException(Type state, object @event)
        : base($"{state.Name} cannot evolve with {@event.GetType().Name}: the event does not belong to this stream or is newer than this "
            + "program.")
    {
    }

    /// <summary>An event of a wire name that this program does not know.</summary>
    public UnknownEventException(string wireName)
        : base($"{wireName} is no event that this program knows: it is newer than the program.")
    {
    }
}
