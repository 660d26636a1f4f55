using JustRunIt.Events.Store.Relaying;
using JustRunIt.Events.Store.Sealing;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Hosting.Messaging.Authority;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace JustRunIt.Events.Store;

/// <summary>Builds the services: a process with a bus, and with the streams.</summary>
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
        var builder = ProcessHost.CreateBuilder(service);
        builder.Services.AddSingleton(connections);
        builder.Services.AddSingleton(_ => CreateDataSource(connections, service));
        builder.Services.AddSingleton<IDocumentStore>(provider =>
            DocumentStore.For(options =>
            {
                StoreSetup.Configure(options, provider.GetRequiredService<NpgsqlDataSource>());
                foreach (var extension in provider.GetServices<StoreExtension>())
                    extension.Configure(options);
            }));
        builder.Services.AddSingleton(provider =>
            new EventStore(provider.GetRequiredService<NpgsqlDataSource>(), service, new RecentStates()));
        builder.Services.AddSingleton<DecisionMeter>();
        builder.Services.AddSingleton<DecisionRunner>();
        builder.Services.AddSingleton<TogetherRunners>();
        builder.Services.AddSingleton(typeof(Intake<,>));
        builder.Services.AddSingleton(new RelaySettings(service));
        builder.Services.AddSingleton<SchemaSetup>();
        builder.Services.AddSingleton<ISetUp>(provider => provider.GetRequiredService<SchemaSetup>());
        builder.Services.AddHostedService(provider => provider.GetRequiredService<SchemaSetup>());
        builder.Services.AddSingleton<RelayMeter>();
        ProcessHost.AddBus(builder, connections.RabbitMq, service, consumers, StoreErrors.Retries);
        // After the topology, on which it relies. Where everybody's word is checked, it speaks as a user of its own.
        if (connections.Relay is not null || !BrokerIdentity.IsChecked)
            builder.Services.AddHostedService<Relay>();
        return builder;
    }

    /// <summary>Has a service seal the events of all services. One does, the Checker: no other may write the tree.</summary>
    /// <exception cref="ConfigurationException">The environment names a key or a log that is none.</exception>
    public static void AddSealing(HostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton(SealSettings.FromEnvironment());
        builder.Services.AddHostedService<Sealer>();
    }

    /// <summary>A data source whose commands are prepared once they recur.</summary>
    public static NpgsqlDataSource CreateDataSource(Connections connections, string name)
    {
        ArgumentNullException.ThrowIfNull(connections);
        var builder = new NpgsqlDataSourceBuilder(connections.Postgres);
        builder.ConnectionStringBuilder.ApplicationName = $"justrunit-{name}";
        builder.ConnectionStringBuilder.MaxAutoPrepare = 50;
        builder.ConnectionStringBuilder.AutoPrepareMinUsages = 3;
        Patience.OfWriter(builder.ConnectionStringBuilder);
        return builder.Build();
    }
}
