namespace JustRunIt.ProxyNode.Protocols;

/// <summary>A server does not let somebody in.</summary>
internal sealed class LogInRefusedException(string message) : ProtocolException(message);
