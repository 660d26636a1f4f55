namespace JustRunIt.Hosting.Messaging.Authority;

/// <summary>A message whose sender may not say it: it goes to the error queue with this reason, and is not acted on.</summary>
internal sealed class NotAuthorizedException(string message) : MalformedMessageException(message);
