using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Bus;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Hypervisors;
using JustRunIt.HostAgent.Moving;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.Power;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

return await ServiceProgram.RunAsync(args, "Host agent: starts, clones, caps and migrates servers on the machines of one host", AgentFile.Read, settings =>
{
    var groups = ControlGroupDetection.Detect(settings);
    var (backEnd, why) = HypervisorRegistry.ChooseAsync(settings, CancellationToken.None).GetAwaiter().GetResult();
    var builder = ProcessHost.CreateBusOnly(
        Names.HostAgent(settings.Agent),
        consumers => consumers
            .Add<StartVmConsumer, StartVm>(atOnce: 16)
            .Add<CloneVmConsumer, CloneVm>(atOnce: 2)
            .Add<DestroyCloneConsumer, DestroyClone>()
            .Add<SetAllocationConsumer, SetAllocation>()
            .Add<MigrateVmConsumer, MigrateVm>()
            .Add<ReceiveVmConsumer, ReceiveVm>(atOnce: 4)
            .Add<HostsAskedConsumer, HostsAsked>());
    builder.Services.AddSingleton(settings);
    builder.Services.AddSingleton(groups);
    builder.Services.AddSingleton<StateFile>();
    builder.Services.AddSingleton<SandboxNetworks>();
    builder.Services.AddSingleton<HostParts>();
    builder.Services.AddSingleton(services => backEnd.Create(services.GetRequiredService<HostParts>()));
    builder.Services.AddSingleton<Departure>();
    builder.Services.AddSingleton(new ChosenBackEnd(backEnd, why));
    // Recovery before the bus starts: no command meets a half-known machine.
    builder.Services.AddSingleton<Recovery>();
    builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(services => services.GetRequiredService<Recovery>()));
    builder.Services.AddHostedService<BackEndNote>();
    // Ends after the bus: what was being started or cloned then is known by now.
    if (settings.StopsWhatRuns)
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService, OrderlyEnd>());
    builder.Services.AddHostedService<Announcer>();
    builder.Services.AddHostedService<LeaseWatch>();
    builder.Services.AddHostedService<ExitReporter>();
    builder.Services.AddSingleton(PowerMeters.Open(settings, groups, TimeProvider.System));
    builder.Services.AddHostedService<PowerReporter>();
    return builder;
});
