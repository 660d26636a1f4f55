using System.Security.Authentication;

namespace JustRunIt.Hosting.Messaging.Connecting;

/// <summary>The broker's certificate is not the one of the server that was to be reached: one line says which field and why.</summary>
public sealed class CertificateRefusedException(string message) : AuthenticationException(message);
