namespace JustRunIt.Console.Tests;

/// <summary>A fact about private servers: left out where their programs are not installed, since it would install them.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ServersFactAttribute : FactAttribute
{
    public ServersFactAttribute()
    {
        var hasPostgreSql = Directory.Exists("/usr/lib/postgresql") || IsOnPath("pg_ctl");
        var hasRabbitMq = File.Exists("/usr/lib/rabbitmq/bin/rabbitmq-server") || IsOnPath("rabbitmq-server");
        Skip = hasPostgreSql && hasRabbitMq ? null : "PostgreSQL or RabbitMQ is not installed; './justrunit setup --servers-only' does it";
    }

    private static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));
}
