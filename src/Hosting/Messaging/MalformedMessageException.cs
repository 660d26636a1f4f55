namespace JustRunIt.Hosting.Messaging;

/// <summary>A message that cannot be understood: it goes to the error queue with this reason, and the consumer goes on.</summary>
public class MalformedMessageException(string message) : Exception(message);
