using JustRunIt.Events.Store.Relaying;
using JustRunIt.Infrastructure;
using JustRunIt.Infrastructure.Peers;
using Microsoft.Extensions.DependencyInjection;

namespace JustRunIt.Events.Store.Tests;

/// <summary>A broker that takes nothing is waited for; for all of its clients, so not beside other tests.</summary>
[Trait("Category", "Chaos")]
public sealed class BrokerAlarmTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly Scene scene = new();

    public Task InitializeAsync() => scene.InitializeAsync();

    public Task DisposeAsync() => scene.DisposeAsync();

    [Fact]
    public async Task The_brokers_alarm_is_seen_leadership_stays_and_all_is_relayed_when_it_is_over()
    {
        if ((await ServerAddresses.LocateAsync()).RabbitMqControl is not { } control)
            return;
        using var host = await scene.StartAsync();
        var meter = host.Services.GetRequiredService<RelayMeter>();
        await scene.AppendAsync(Guid.NewGuid(), 1);
        await scene.UntilAsync(seen => seen.Count == 1, "the relay leads");
        var token = await scene.CountAsync("SELECT token FROM justrunit.relay");
        await PeerProcess.RunAsync(control, ["set_vm_memory_high_watermark", "absolute", "1MB"]);
        try
        {
            for (var end = DateTime.UtcNow + Patience; !meter.Blocked; await Task.Delay(100))
            {
                await scene.AppendAsync(Guid.NewGuid(), 1);
                Assert.True(DateTime.UtcNow < end, "the alarm is seen");
            }

            for (var i = 0; i < 50; i++)
                await scene.AppendAsync(Guid.NewGuid(), 20);
            // Longer than a lease holds by itself.
            var prolonged = await scene.ScalarAsync("SELECT expires FROM justrunit.relay");
            for (var end = DateTime.UtcNow + Patience; Equals(await scene.ScalarAsync("SELECT expires FROM justrunit.relay"), prolonged);)
                Assert.True(DateTime.UtcNow < end, "the lease is prolonged");
            Assert.True(meter.Blocked);
        }
        finally
        {
            await PeerProcess.RunAsync(control, ["set_vm_memory_high_watermark", "0.4"]);
        }

        var count = await scene.CountAsync("SELECT count(*) FROM justrunit.mt_events");
        await scene.UntilAsync(seen => seen.Count == count, "all is relayed, once");
        Assert.False(meter.Blocked);
        Assert.Equal(token, await scene.CountAsync("SELECT token FROM justrunit.relay"));
        Assert.Equal(0, await scene.CountAsync("SELECT count(*) FROM justrunit.parked"));
        await host.StopAsync();
    }
}
