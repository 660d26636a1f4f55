namespace JustRunIt.Events.Messaging;

/// <summary>
/// An event that says by itself what it belongs to, whatever else follows from the same message: one report may close several windows, and
/// each agreement that they break or keep has a chain of its own.
/// </summary>
public interface ICorrelated
{
    /// <summary>Its correlation, a function of what the event says: the same each time that it is decided.</summary>
    Guid CorrelationId { get; }
}
