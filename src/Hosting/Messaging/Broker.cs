using JustRunIt.Hosting.Configuration;
using RabbitMQ.Client.Exceptions;

namespace JustRunIt.Hosting.Messaging;

/// <summary>Where RabbitMQ is, and what its errors mean.</summary>
public static class Broker
{
    private const string Example = "amqp://USER:PASSWORD@HOST:PORT/VHOST";

    /// <summary>Reads the broker's address from the environment.</summary>
    /// <exception cref="ConfigurationException">
    /// The variable is missing or malformed; the error never repeats the value, which may hold a password.
    /// </exception>
    public static Uri FromEnvironment()
    {
        var text = Environment.GetEnvironmentVariable(EnvironmentVariables.RabbitMq);
        if (string.IsNullOrEmpty(text))
            throw new ConfigurationException($"environment: {EnvironmentVariables.RabbitMq} is not set; it must be an AMQP URI, {Example}");
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "amqp" or "amqps" && uri.Segments.Length <= 2
            ? uri
            : throw new ConfigurationException($"environment: {EnvironmentVariables.RabbitMq}: no AMQP URI; allowed is {Example}");
    }

    /// <summary>Why the broker refuses us (password, virtual host), if that is what an exception says.</summary>
    public static string? Refusal(Exception e) => e switch
    {
        BrokerUnreachableException { InnerException: AuthenticationFailureException or OperationInterruptedException } =>
            e.InnerException.Message,
        AuthenticationFailureException or OperationInterruptedException { ShutdownReason.ReplyCode: 530 or 403 } => e.Message,
        _ => null,
    };

    /// <summary>Whether an exception says that nobody answers there.</summary>
    internal static bool IsAway(Exception e) => e is BrokerUnreachableException;
}
