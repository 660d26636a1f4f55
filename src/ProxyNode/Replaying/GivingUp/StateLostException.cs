using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.Replaying.GivingUp;

/// <summary>
/// The clone's connection was replaced, and what the session had there cannot be made again: the session is given up
/// (<see cref="GiveUpReason.StateLost"/>).
/// </summary>
/// <param name="message">What was lost.</param>
internal sealed class StateLostException(string message) : ProtocolException(message);
