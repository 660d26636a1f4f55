using JustRunIt.Hosting;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Messaging;
using Npgsql;

namespace JustRunIt.Events.Store;

/// <summary>Where PostgreSQL and RabbitMQ are: all that the services share.</summary>
/// <param name="Postgres">An Npgsql connection string.</param>
/// <param name="RabbitMq">An AMQP URI, virtual host included.</param>
/// <param name="Relay">The same of the user who hands events over; null for a service that does not.</param>
public sealed record Connections(string Postgres, Uri RabbitMq, Uri? Relay = null)
{
    /// <summary>Environment variable of the Npgsql connection string.</summary>
    public const string PostgresVariable = EnvironmentVariables.Postgres;

    /// <summary>Environment variable of the AMQP URI.</summary>
    public const string RabbitMqVariable = EnvironmentVariables.RabbitMq;

    private const string Example = "Host=127.0.0.1;Port=5432;Username=postgres;Database=justrunit";

    private static readonly string[] PasswordKeys = ["password", "passwd", "passphrase", "pwd", "psw"];

    /// <summary>Reads both addresses from the environment.</summary>
    /// <exception cref="ConfigurationException">
    /// A variable is missing or malformed; the error never repeats a value, which may hold a password.
    /// </exception>
    public static Connections FromEnvironment()
    {
        var postgres = PostgresFromEnvironment();
        var broker = Broker.FromEnvironment();
        return new Connections(postgres, broker, Broker.Find(EnvironmentVariables.Relay));
    }

    /// <summary>Reads the database's address alone, for whoever only looks at streams.</summary>
    /// <exception cref="ConfigurationException">It is missing or malformed; the error never repeats a value.</exception>
    public static string PostgresFromEnvironment()
    {
        var postgres = Environment.GetEnvironmentVariable(PostgresVariable);
        if (string.IsNullOrEmpty(postgres))
        {
            throw new ConfigurationException(
                $"environment: {PostgresVariable} is not set; it must be an Npgsql connection string, such as {Example}");
        }

        try
        {
            _ = new NpgsqlConnectionStringBuilder(postgres);
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            throw new ConfigurationException(
                $"environment: {PostgresVariable}: no Npgsql connection string, {Reason(postgres, e)}; allowed is such as {Example}");
        }

        return postgres;
    }

    /// <summary>The library's own words, which may repeat a part of the value: only where it holds no password.</summary>
    private static string Reason(string value, Exception e) =>
        PasswordKeys.Any(key => value.Contains(key, StringComparison.OrdinalIgnoreCase)) ? "it is malformed" : e.Message;
}
