using JustRunIt.Events.Hosts;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Sla;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Files;
using JustRunIt.Hosting.Messaging;
using JustRunIt.ProxyNode.Bus;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.StandAlone;
using JustRunIt.ProxyNode.Tracing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

OwnerOnly.ForWholeProcess();
if (args is ["proxy", .. var rest])
{
    // Read by the runtime when the first socket is made: what a completion does here is short and never blocks.
    const string inline = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
    Environment.SetEnvironmentVariable(inline, Environment.GetEnvironmentVariable(inline) ?? "1");
    return await ProxyCommand.RunAsync(rest);
}

if (args is ["replay", .. var replay])
    return await ReplayCommand.RunAsync(replay);

if (args is ["report", .. var report])
    return await ReportCommand.RunAsync(report);

if (args is ["rules", .. var rules])
    return await RulesCommand.RunAsync(rules);

return await ServiceProgram.RunAsync(args, "Proxy node: in-proxies and out-proxies around the servers of tiers", NodeFile.Read, settings =>
{
    var builder = ProcessHost.CreateBusOnly(
        Names.ProxyNode(settings.Node),
        consumers => consumers
            .Add<StartReplayConsumer, StartReplay>(atOnce: 16)
            .Add<StopReplayConsumer, StopReplay>()
            .Add<MigrationStartedConsumer, MigrationStarted>()
            .Add<VmMigratedConsumer, VmMigrated>()
            .Add<VmClonedConsumer, VmCloned>()
            .Add<HostReportedConsumer, HostReported>()
            .Add<WindowRefusedConsumer, WindowRefused>());
    builder.Services.AddSingleton(settings);
    builder.Services.AddSingleton<RefusalLog>();
    builder.Services.AddSingleton<TierProxies>();
    builder.Services.AddSingleton<VmPlaces>();
    builder.Services.AddSingleton<Sandboxes>();
    builder.Services.AddSingleton<Experiments>();
    // The proxies come first: on-line traffic does not wait for a broker.
    builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(services => services.GetRequiredService<TierProxies>()));
    builder.Services.AddHostedService<Reporter>();
    builder.Services.AddHostedService<VmLocationQuery>();
    // Long enough for the connections through what is installed to end by themselves.
    if (settings.Relays.Any(relay => relay.Install is not null))
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = settings.Drain + TimeSpan.FromSeconds(15));
    return builder;
});
