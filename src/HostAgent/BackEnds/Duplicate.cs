using JustRunIt.HostAgent.Machines;

namespace JustRunIt.HostAgent.BackEnds;

/// <summary>A clone that was just made and may not serve yet.</summary>
/// <param name="Vm">The clone.</param>
/// <param name="Cold">True when it was started afresh.</param>
/// <param name="Pause">How long the original stood still.</param>
/// <param name="BytesCopied">Memory and disk moved.</param>
internal sealed record Duplicate(RunningVm Vm, bool Cold, TimeSpan Pause, long BytesCopied);
