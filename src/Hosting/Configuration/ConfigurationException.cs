namespace JustRunIt.Hosting.Configuration;

/// <summary>Configuration that cannot be used: one line that names the place, the field, the value and what is allowed.</summary>
public sealed class ConfigurationException(string message) : Exception(message);
