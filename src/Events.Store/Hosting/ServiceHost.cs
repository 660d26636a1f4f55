using JustRunIt.Events.Store.Configuration;
using JustRunIt.Events.Store.Messaging;
using JustRunIt.Events.Store.Relaying;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace JustRunIt.Events.Store.Hosting;

/// <summary>Builds the processes of the system: all that a service, a host agent and a proxy node have in common.</summary>
public static class ServiceHost
{
    /// <summary>
    /// A service that owns streams: Marten, the relay, and the consumers that <paramref name="consumers"/> registers.
    /// </summary>
    /// <param name="service">The service's name in <see cref="Catalog"/>.</param>
    /// <param name="consumers">Registers one consumer a message.</param>
    /// <param name="given">Where the servers are; null for <see cref="Connections.FromEnvironment"/>.</param>
    public static HostApplicationBuilder CreateService(string service, Action<ConsumerRegistration> consumers, Connections? given = null)
    {
        var connections = given ?? Connections.FromEnvironment();
        var builder = CreateBuilder();
        builder.Services.AddSingleton(connections);
        builder.Services.AddSingleton(_ => CreateDataSource(connections, service));
        builder.Services.AddSingleton<IDocumentStore>(provider =>
            DocumentStore.For(options => StoreSetup.Configure(options, provider.GetRequiredService<NpgsqlDataSource>())));
        builder.Services.AddSingleton<EventStore>();
        builder.Services.AddSingleton(new RelaySettings(service));
        builder.Services.AddHostedService<SchemaSetup>();
        builder.Services.AddHostedService(provider => new TopologySetup(connections.RabbitMq, service, provider.GetRequiredService<ILogger<TopologySetup>>()));
        builder.Services.AddHostedService<Relay>();
        Bus.Add(builder.Services, connections.RabbitMq, service, consumers);
        return builder;
    }

    /// <summary>A process that has no database and owns no stream: a host agent or a proxy node.</summary>
    /// <param name="reader">Its name as a reader of queues, see <see cref="Names"/>.</param>
    /// <param name="consumers">Registers one consumer a command.</param>
    /// <param name="given">Where RabbitMQ is; null for <see cref="Connections.ReadRabbitMq"/>.</param>
    public static HostApplicationBuilder CreateBusOnly(string reader, Action<ConsumerRegistration> consumers, Uri? given = null)
    {
        var rabbitMq = given ?? Connections.ReadRabbitMq();
        var builder = CreateBuilder();
        builder.Services.AddHostedService(provider => new TopologySetup(rabbitMq, reader, provider.GetRequiredService<ILogger<TopologySetup>>()));
        Bus.Add(builder.Services, rabbitMq, reader, consumers);
        return builder;
    }

    /// <summary>A data source whose commands are prepared once they recur.</summary>
    public static NpgsqlDataSource CreateDataSource(Connections connections, string name)
    {
        ArgumentNullException.ThrowIfNull(connections);
        var builder = new NpgsqlDataSourceBuilder(connections.Postgres);
        builder.ConnectionStringBuilder.ApplicationName = $"justrunit-{name}";
        builder.ConnectionStringBuilder.MaxAutoPrepare = 50;
        builder.ConnectionStringBuilder.AutoPrepareMinUsages = 3;
        return builder.Build();
    }

    private static HostApplicationBuilder CreateBuilder()
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings
        {
            DisableDefaults = true,
        });
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Logging.AddSimpleConsole(options =>
        {
            options.SingleLine = true;
            options.UseUtcTimestamp = true;
            options.TimestampFormat = "HH:mm:ss.fff ";
        });
        builder.Logging.SetMinimumLevel(LogLevel.Information);
        builder.Logging.AddFilter("MassTransit", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        // Marten logs the loser of every optimistic race as a failure; the consumer's retry deals with it.
        builder.Logging.AddFilter("Marten", LogLevel.Critical);
        builder.Logging.AddFilter("Npgsql", LogLevel.Warning);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(10));
        return builder;
    }
}
