namespace JustRunIt.HostAgent.Machines;

/// <summary>A clone that is ready.</summary>
/// <param name="Endpoint">host:port at which the in-proxy reaches it.</param>
/// <param name="Cold">True when it was started afresh.</param>
/// <param name="Pause">How long the original stood still.</param>
/// <param name="CloneTime">From the command to a healthy clone.</param>
/// <param name="BytesCopied">Memory and disk moved.</param>
internal sealed record CloneResult(string Endpoint, bool Cold, TimeSpan Pause, TimeSpan CloneTime, long BytesCopied);
