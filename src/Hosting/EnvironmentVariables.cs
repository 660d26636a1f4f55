namespace JustRunIt.Hosting;

/// <summary>The environment variables that processes read: see docs/configuration.md.</summary>
public static class EnvironmentVariables
{
    /// <summary>The Npgsql connection string of PostgreSQL; host agents and proxy nodes do without.</summary>
    public const string Postgres = "JUSTRUNIT_POSTGRES";

    /// <summary>The AMQP URI of RabbitMQ, virtual host included.</summary>
    public const string RabbitMq = "JUSTRUNIT_RABBITMQ";
}
