namespace JustRunIt.Hosting;

/// <summary>The environment variables that processes read: see docs/configuration.md.</summary>
public static class EnvironmentVariables
{
    /// <summary>The Npgsql connection string of PostgreSQL; host agents and proxy nodes do without.</summary>
    public const string Postgres = "JUSTRUNIT_POSTGRES";

    /// <summary>The AMQP URI of RabbitMQ, virtual host included.</summary>
    public const string RabbitMq = "JUSTRUNIT_RABBITMQ";

    /// <summary>The same, of the user in whose name events are handed to the broker; services only.</summary>
    public const string Relay = "JUSTRUNIT_RABBITMQ_RELAY";

    /// <summary>
    /// <c>roles</c>, as when it is not set: the broker's user says who speaks, and each may say only what is its role's. <c>none</c>:
    /// whoever may use the broker may say anything.
    /// </summary>
    public const string Authority = "JUSTRUNIT_AUTHORITY";

    /// <summary>The folder of the passwords of all roles: for what starts the other processes, and for nothing else.</summary>
    public const string Credentials = "JUSTRUNIT_CREDENTIALS";

    /// <summary>
    /// The private key that signs checkpoints of all events: a file with it (PEM), or the PEM itself. The Checker only; not set: nothing is
    /// signed.
    /// </summary>
    public const string SealKey = "JUSTRUNIT_SEAL_KEY";

    /// <summary>The name that checkpoints and their key bear; <c>justrunit</c> when it is not set.</summary>
    public const string SealLog = "JUSTRUNIT_SEAL_LOG";

    /// <summary>The file that holds the last checkpoint, where whoever owns the database cannot change it. The Checker only.</summary>
    public const string Checkpoint = "JUSTRUNIT_CHECKPOINT";

    /// <summary>The folder of the log files; not set: none are written.</summary>
    public const string Logs = "JUSTRUNIT_LOGS";

    /// <summary>
    /// The least level that is logged. <c>JUSTRUNIT_LOG_LEVEL__SOURCE</c> is that of one source and all below it; two underscores stand
    /// for a dot.
    /// </summary>
    public const string LogLevel = "JUSTRUNIT_LOG_LEVEL";
}
