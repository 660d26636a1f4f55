namespace JustRunIt.Events.Auditing;

/// <summary>Something that is stored cannot be read by this program.</summary>
internal sealed class UnreadableException(string message) : Exception(message);
