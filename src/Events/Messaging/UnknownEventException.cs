namespace JustRunIt.Events.Messaging;

/// <summary>A stream holds an event that its state does not know: newer software wrote it, or a wrong stream was read.</summary>
public sealed class UnknownEventException(Type state, object @event)
    : Exception($"{state.Name} cannot evolve with {@event.GetType().Name}: the event does not belong to this stream or is newer than this program.");
