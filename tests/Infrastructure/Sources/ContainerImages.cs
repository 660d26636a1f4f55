namespace JustRunIt.Infrastructure.Sources;

/// <summary>Images of the servers, each as its variable says, else the well-known one.</summary>
public static class ContainerImages
{
    /// <summary>PostgreSQL.</summary>
    public static string Postgres => Named("POSTGRES", "docker.io/library/postgres:17");

    /// <summary>RabbitMQ with its management interface.</summary>
    public static string RabbitMq => Named("RABBITMQ", "docker.io/library/rabbitmq:4-management");

    /// <summary>MariaDB.</summary>
    public static string MariaDb => Named("MARIADB", "docker.io/library/mariadb:10.11");

    /// <summary>Tomcat.</summary>
    public static string Tomcat => Named("TOMCAT", "docker.io/library/tomcat:10.1");

    private static string Named(string name, string otherwise) =>
        Environment.GetEnvironmentVariable($"JUSTRUNIT_TEST_IMAGE_{name}") is { Length: > 0 } given ? given : otherwise;
}
