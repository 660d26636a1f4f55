namespace JustRunIt.Events.Deciding;

/// <summary>Something that a decision keeps beside the streams, in the same transaction as its events.</summary>
public interface IKept;
