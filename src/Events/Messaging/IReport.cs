namespace JustRunIt.Events.Messaging;

/// <summary>
/// What a host agent, a proxy or an outsider says: an answer to a command or a measurement.
/// It is published, and becomes an event only when the service that owns the stream states one.
/// </summary>
public interface IReport;
