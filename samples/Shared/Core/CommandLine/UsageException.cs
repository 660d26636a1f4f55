namespace JustRunIt.Samples.Core.CommandLine;

/// <summary>Bad input of the operator: the message is the one line that names field, value and what is allowed.</summary>
public sealed class UsageException(string message) : Exception(message);
