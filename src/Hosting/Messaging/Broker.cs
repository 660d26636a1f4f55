using System.Security.Authentication;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Messaging.Connecting;
using RabbitMQ.Client.Exceptions;

namespace JustRunIt.Hosting.Messaging;

/// <summary>Where RabbitMQ is, and what its errors mean.</summary>
public static class Broker
{
    private const string Example = "amqp://USER:PASSWORD@HOST:PORT/VHOST, or amqps:// for TLS";

    /// <summary>Reads the broker's address from the environment.</summary>
    /// <exception cref="ConfigurationException">
    /// The variable is missing or malformed; the error never repeats the value, which may hold a password.
    /// </exception>
    public static Uri FromEnvironment() => Find(EnvironmentVariables.RabbitMq) ?? throw new ConfigurationException(
        $"environment: {EnvironmentVariables.RabbitMq} is not set; it must be an AMQP URI, {Example}");

    /// <summary>Reads an address of the broker's from a variable of the environment; null when it is not set.</summary>
    /// <exception cref="ConfigurationException">It is malformed, or what it says of TLS cannot be used.</exception>
    public static Uri? Find(string variable)
    {
        var text = Environment.GetEnvironmentVariable(variable);
        if (string.IsNullOrEmpty(text))
            return null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("amqp" or "amqps") || uri.Segments.Length > 2)
            throw new ConfigurationException($"environment: {variable}: no AMQP URI; allowed is {Example}");
        _ = BrokerTls.Read(uri);
        return uri;
    }

    /// <summary>Why the broker refuses us, or we it (password, virtual host, certificate), if that is what an exception says.</summary>
    public static string? Refusal(Exception e) => e switch
    {
        _ when TlsRefusal(e) is { } tls => tls,
        BrokerUnreachableException { InnerException: AuthenticationFailureException or OperationInterruptedException } =>
            e.InnerException.Message,
        AuthenticationFailureException or OperationInterruptedException { ShutdownReason.ReplyCode: 530 or 403 } => e.Message,
        _ => null,
    };

    /// <summary>
    /// What is wrong with a certificate, the broker's or ours, or with TLS as a whole. A broker that misses our certificate says so only
    /// after its own part of TLS 1.3 has ended (RFC 8446, 4.4.2.4 and 6), by an alert that ends the first reading.
    /// </summary>
    private static string? TlsRefusal(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case CertificateRefusedException:
                    return e.Message;
                case AuthenticationException when e.Source?.StartsWith("RabbitMQ", StringComparison.Ordinal) != true:
                    return $"TLS: {(e.InnerException ?? e).Message}";
                case IOException { InnerException: { } alert } when IsOfTls(alert):
                    return $"TLS: {alert.Message}; certfile: our certificate may be missing, or not one that the broker trusts";
                case AggregateException { InnerExceptions: { Count: > 1 } several }:
                    return several.Select(TlsRefusal).FirstOrDefault(found => found is not null);
            }
        }

        return null;
    }

    private static bool IsOfTls(Exception e) => e.GetType().FullName?.Contains("Ssl", StringComparison.Ordinal) == true;

    /// <summary>Whether an exception says that nobody answers there.</summary>
    internal static bool IsAway(Exception e) => e is BrokerUnreachableException;
}
