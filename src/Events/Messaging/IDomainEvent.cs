namespace JustRunIt.Events.Messaging;

/// <summary>A fact on a stream, stated by the one service that owns the stream and relayed to everybody (DESIGN §3).</summary>
public interface IDomainEvent;
