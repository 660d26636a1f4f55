namespace JustRunIt.ProxyNode.Protocols;

/// <summary>A peer broke the protocol, or used a part of it that cannot be relayed faithfully. What broke it is not sent on.</summary>
internal class ProtocolException(string message) : Exception(message);
