using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using JustRunIt.Events.Hosts;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Infrastructure;
using JustRunIt.Infrastructure.Peers;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace JustRunIt.Hosting.Tests.Messaging;

/// <summary>Every process tells of a broker that takes nothing of what it publishes: a line, a gauge, and a line when it is over.</summary>
public sealed class BrokerAlarmTests
{
    private readonly Lines<BrokerAlarm> lines = new();

    [Fact]
    public void It_is_told_once_with_its_reason_and_once_when_it_is_over_for_all_connections()
    {
        using var alarm = new BrokerAlarm(lines);
        var (bus, commands) = (new object(), new object());
        alarm.Changed(bus, "low on memory\n");
        alarm.Changed(commands, "low on memory");
        alarm.Changed(bus, "low on memory");
        Assert.True(alarm.IsBlocked);
        alarm.Changed(bus, null);
        Assert.True(alarm.IsBlocked);
        alarm.Changed(commands, null);
        Assert.False(alarm.IsBlocked);
        alarm.Changed(commands, null);
        Assert.Equal(
            ["the broker takes nothing, and what is published waits: low on memory", "the broker takes messages again"], lines.Said);
    }

    [Fact]
    public void A_connection_that_is_no_more_says_nothing_of_the_broker()
    {
        using var alarm = new BrokerAlarm(lines);
        var bus = new object();
        alarm.Changed(bus, "low on disk");
        alarm.Ended(bus);
        Assert.False(alarm.IsBlocked);
        alarm.Changed(new object(), "low on disk");
        Assert.True(alarm.IsBlocked);
        Assert.Equal(2, lines.Said.Count);
    }

    [Fact]
    public void It_is_a_gauge()
    {
        using var alarm = new BrokerAlarm(lines);
        using var listener = new MeterListener();
        var read = new ConcurrentQueue<int>();
        listener.InstrumentPublished = (instrument, on) =>
        {
            if (instrument.Meter.Name == BrokerAlarm.MeterName && instrument.Name == "justrunit.bus.blocked")
                on.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<int>((_, value, _, _) => read.Enqueue(value));
        listener.Start();
        listener.RecordObservableInstruments();
        Assert.DoesNotContain(1, read);
        alarm.Changed(alarm, "low on memory");
        listener.RecordObservableInstruments();
        Assert.Contains(1, read);
    }

    /// <summary>For all of the broker's clients, so not beside other tests.</summary>
    [Fact]
    [Trait("Category", "Chaos")]
    public async Task The_brokers_own_alarm_is_told_by_a_process_that_publishes()
    {
        if ((await ServerAddresses.LocateAsync()).RabbitMqControl is not { } control)
            return;
        var scene = new BusScene();
        await scene.InitializeAsync();
        try
        {
            var host = await scene.StartAsync();
            var alarm = host.Services.GetRequiredService<BrokerAlarm>();
            await PeerProcess.RunAsync(control, ["set_vm_memory_high_watermark", "absolute", "1MB"]);
            Task published;
            try
            {
                // Confirmed once the alarm is over: until then it waits.
                published = host.Services.GetRequiredService<IBus>().Publish(new VmExited("agent", "vm", null, "a reason"));
                for (var end = DateTime.UtcNow.AddMinutes(5); !alarm.IsBlocked; await Task.Delay(100))
                {
                    Assert.True(DateTime.UtcNow < end, "the alarm is seen");
                    if (published.IsCompleted)
                        published = host.Services.GetRequiredService<IBus>().Publish(new VmExited("agent", "vm", null, "a reason"));
                }

                await scene.LineAsync(line => line.Message.Contains("the broker takes nothing", StringComparison.Ordinal), "the line");
            }
            finally
            {
                await PeerProcess.RunAsync(control, ["set_vm_memory_high_watermark", "0.4"]);
            }

            await scene.LineAsync(line => line.Message.Contains("the broker takes messages again", StringComparison.Ordinal), "the end");
            Assert.False(alarm.IsBlocked);
            await published;
        }
        finally
        {
            await scene.DisposeAsync();
        }
    }
}
