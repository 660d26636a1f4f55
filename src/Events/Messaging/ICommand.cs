namespace JustRunIt.Events.Messaging;

/// <summary>
/// A request that goes to exactly one queue. Commands are never appended: they follow from an event
/// (<see cref="Consequences"/>), so that a crash cannot lose one.
/// </summary>
public interface ICommand;
