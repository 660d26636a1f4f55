using JustRunIt.Events.Store.Configuration;
using Npgsql;

namespace JustRunIt.Events.Store;

/// <summary>Where PostgreSQL and RabbitMQ are: all that the services share.</summary>
/// <param name="Postgres">An Npgsql connection string.</param>
/// <param name="RabbitMq">An AMQP URI, virtual host included.</param>
public sealed record Connections(string Postgres, Uri RabbitMq)
{
    /// <summary>Environment variable of the Npgsql connection string.</summary>
    public const string PostgresVariable = "JUSTRUNIT_POSTGRES";

    /// <summary>Environment variable of the AMQP URI.</summary>
    public const string RabbitMqVariable = "JUSTRUNIT_RABBITMQ";

    /// <summary>Reads both addresses from the environment.</summary>
    /// <exception cref="ConfigurationException">A variable is missing or malformed.</exception>
    public static Connections FromEnvironment()
    {
        var postgres = Required(PostgresVariable, "an Npgsql connection string, such as Host=127.0.0.1;Port=5432;Username=postgres;Database=justrunit");
        try
        {
            _ = new NpgsqlConnectionStringBuilder(postgres);
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            throw new ConfigurationException($"environment: {PostgresVariable}: '{postgres}' is no Npgsql connection string: {e.Message}");
        }

        return new Connections(postgres, ReadRabbitMq());
    }

    /// <summary>Reads the broker's address alone, for processes that have no database.</summary>
    /// <exception cref="ConfigurationException">The variable is missing or malformed.</exception>
    public static Uri ReadRabbitMq()
    {
        var text = Required(RabbitMqVariable, "an AMQP URI, such as amqp://guest:guest@127.0.0.1:5672/");
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "amqp" or "amqps"
            ? uri
            : throw new ConfigurationException($"environment: {RabbitMqVariable}: '{text}' is no AMQP URI such as amqp://guest:guest@127.0.0.1:5672/");
    }

    private static string Required(string variable, string allowed) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value
            ? value
            : throw new ConfigurationException($"environment: {variable} is not set; it must be {allowed}");
}
