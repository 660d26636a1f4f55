namespace JustRunIt.HostAgent.Power;

/// <summary>A meter that cannot be read: one line with the reason.</summary>
internal sealed class PowerMeterException(string message) : Exception(message);
