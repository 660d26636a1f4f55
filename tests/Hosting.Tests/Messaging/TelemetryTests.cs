using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace JustRunIt.Hosting.Tests.Messaging;

/// <summary>No process tells anybody outside that it runs.</summary>
public sealed class TelemetryTests : IAsyncLifetime
{
    private readonly BusScene scene = new();

    public Task InitializeAsync() => scene.InitializeAsync();

    public Task DisposeAsync() => scene.DisposeAsync();

    [Fact]
    public async Task The_bus_makes_no_web_request_at_its_end()
    {
        using var requests = new WebRequests();
        Environment.SetEnvironmentVariable("MASSTRANSIT_USAGE_TELEMETRY", "true");
        // The library reports after five minutes, or else at the end where it is asked to.
        var host = await scene.StartAsync(more: services =>
            services.Configure<UsageTelemetryOptions>(options => options.ReportOnShutdown = true));
        Assert.False(host.Services.GetRequiredService<IOptions<UsageTelemetryOptions>>().Value.Enabled);
        await scene.AskAsync(new RabbitMQ.Client.BasicProperties { MessageId = Guid.NewGuid().ToString() });
        await scene.AnswerAsync();
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
        Assert.Empty(requests.Seen);
    }

    /// <summary>Every web request that this process begins, whoever makes it.</summary>
    private sealed class WebRequests : EventListener
    {
        public ConcurrentQueue<string> Seen { get; } = new();

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "System.Net.Http")
                EnableEvents(eventSource, EventLevel.Informational);
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            // The broker's administration, where the tests use it, is on this machine.
            if (eventData.EventName == "RequestStart" && eventData.Payload?[1] as string is not ("127.0.0.1" or "localhost" or "::1"))
                Seen.Enqueue(string.Join(' ', eventData.Payload ?? new([])));
        }
    }
}
