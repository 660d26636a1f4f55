using System.Text.Json;
using JustRunIt.Events.Messaging;
using MassTransit;
using MassTransit.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JustRunIt.Hosting.Messaging;

/// <summary>MassTransit on RabbitMQ: raw JSON, a queue a message and reader, and retries that outlast an outage.</summary>
internal static class Bus
{
    private const string UsageTelemetryVariable = "MASSTRANSIT_USAGE_TELEMETRY";
    private const int ConflictRetries = 20;

    // Five and a half hours: a database that is away for longer needs an operator, and the error queue keeps the message.
    private const int OutageRetries = 10_000;
    private static readonly TimeSpan OutageRetryInterval = TimeSpan.FromSeconds(2);

    public static void Add(
        IServiceCollection services, Uri rabbitMq, string reader, Action<ConsumerRegistration> consumers, RetryRules retries)
    {
        var registration = new ConsumerRegistration();
        consumers(registration);
        // The library's own variable goes above the option.
        Environment.SetEnvironmentVariable(UsageTelemetryVariable, "false");
        services.AddMassTransit(configurator =>
        {
            // Nothing of what runs here is reported to the library's makers.
            configurator.DisableUsageTelemetry();
            foreach (var entry in registration.Entries)
                entry.Register(configurator);
            configurator.UsingRabbitMq((context, bus) =>
            {
                bus.Host(rabbitMq);
                bus.MessageTopology.SetEntityNameFormatter(new WireNameFormatter());
                bus.ConfigureJsonSerializerOptions(Configure);
                bus.ClearSerialization();
                bus.UseRawJsonSerializer(RawSerializerOptions.AnyMessageType | RawSerializerOptions.AddTransportHeaders, isDefault: true);
                bus.UseRawJsonDeserializer(RawSerializerOptions.AnyMessageType, isDefault: true);
                bus.ConfigureSend(pipe => ((IPipeConfigurator<SendContext>)pipe).UseFilter(new CausationFilter()));
                bus.ConfigurePublish(pipe => ((IPipeConfigurator<PublishContext>)pipe).UseFilter(new CausationFilter()));
                foreach (var entry in registration.Entries)
                {
                    bus.ReceiveEndpoint(Names.Queue(reader, entry.Message), endpoint =>
                    {
                        endpoint.ConfigureConsumeTopology = false;
                        endpoint.SetQuorumQueue();
                        endpoint.PrefetchCount = Math.Max(32, entry.AtOnce);
                        endpoint.ConcurrentMessageLimit = entry.AtOnce;
                        // Commands are sent to the queue itself; everything else comes through the message's exchange.
                        if (!entry.Message.IsAssignableTo(typeof(ICommand)))
                            endpoint.Bind(Names.Exchange(entry.Message));
                        endpoint.ConfigureError(pipe =>
                        {
                            pipe.UseFilter(new FaultFilter(entry.Message, context.GetRequiredService<ILogger<FaultFilter>>()));
                            pipe.UseFilter(new ErrorTransportFilter());
                        });
                        ((IPipeConfigurator<ConsumeContext>)endpoint).UseFilter(
                            new HandlingFilter(entry.Message, context.GetRequiredService<ILogger<HandlingFilter>>()));
                        endpoint.UseMessageRetry(retry =>
                        {
                            retry.Handle<Exception>(retries.IsOutage.Invoke);
                            retry.Interval(OutageRetries, OutageRetryInterval);
                            retry.ConnectRetryObserver(new RetryLog(isOutage: true, context.GetRequiredService<ILogger<RetryLog>>()));
                        });
                        endpoint.UseMessageRetry(retry =>
                        {
                            retry.Handle<Exception>(retries.IsConflict.Invoke);
                            retry.Intervals([.. Enumerable.Range(1, ConflictRetries).Select(i => TimeSpan.FromMilliseconds(2 * i))]);
                            retry.ConnectRetryObserver(new RetryLog(isOutage: false, context.GetRequiredService<ILogger<RetryLog>>()));
                        });
                        entry.Configure(endpoint, context);
                    });
                }
            });
        });
        services.Configure<MassTransitHostOptions>(options => options.WaitUntilStarted = true);
    }

    private static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        options.RespectNullableAnnotations = Wire.Json.RespectNullableAnnotations;
        options.PropertyNamingPolicy = Wire.Json.PropertyNamingPolicy;
        return options;
    }

    private sealed class WireNameFormatter : IEntityNameFormatter
    {
        public string FormatEntityName<T>() => typeof(T) is { IsClass: true } type && Wire.Types.Contains(type)
            ? Names.Exchange(type)
            : $"masstransit.{typeof(T).Name}";
    }
}
