namespace JustRunIt.Events.Auditing;

/// <summary>What is stored is not what the record of a decision says that was read.</summary>
internal sealed class HistoryBrokenException(string message) : Exception(message);
