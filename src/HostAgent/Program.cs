using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Placement;
using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Bus;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Moving;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.Power;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

const string purpose = "Host agent: starts, clones, caps and migrates servers on the machines of one host";
return await ServiceProgram.RunAsync(args, purpose, AgentFile.Read, settings =>
{
    StateFile.Prepare(settings);
    var groups = ControlGroupDetection.Detect(settings);
    var (backEnd, why) = BackEndRegistry.ChooseAsync(settings, CancellationToken.None).GetAwaiter().GetResult();
    var builder = ProcessHost.CreateBusOnly(
        Names.HostAgent(settings.Agent),
        consumers => consumers
            .Add<StartVmConsumer, StartVm>(atOnce: 16)
            .Add<CloneVmConsumer, CloneVm>(atOnce: 2)
            // One waits for a clone that is being made.
            .Add<DestroyCloneConsumer, DestroyClone>(atOnce: 4)
            .Add<SetAllocationConsumer, SetAllocation>()
            .Add<MigrateVmConsumer, MigrateVm>()
            // Those that nobody has ordered are waited for in vain.
            .Add<ReceiveVmConsumer, ReceiveVm>(atOnce: 16)
            .Add<MigrationStartedConsumer, MigrationStarted>()
            .Add<SettleVmConsumer, SettleVm>()
            .Add<HostsAskedConsumer, HostsAsked>()
            .Add<MachineClaimRefusedConsumer, MachineClaimRefused>()
            .Add<VmClaimRefusedConsumer, VmClaimRefused>());
    builder.Services.AddSingleton(settings);
    builder.Services.AddSingleton(groups);
    builder.Services.AddSingleton<StateFile>();
    builder.Services.AddSingleton<SandboxNetworks>();
    builder.Services.AddSingleton(services => new VmHost(
        backEnd,
        new HostParts(
            settings,
            groups,
            services.GetRequiredService<StateFile>(),
            services.GetRequiredService<SandboxNetworks>(),
            services.GetRequiredService<TimeProvider>())
        {
            Logger = services.GetRequiredService<ILogger<VmHost>>(),
        }));
    builder.Services.AddSingleton<AnswerBook>();
    builder.Services.AddSingleton<CommandDesk>();
    builder.Services.AddSingleton<Departure>();
    builder.Services.AddSingleton<MoveOrders>();
    builder.Services.AddSingleton(new ChosenBackEnd(backEnd, why));
    // Recovery before the bus starts: no command meets a half-known machine.
    builder.Services.AddSingleton<StartRecovery>();
    builder.Services.Insert(
        0, ServiceDescriptor.Singleton<IHostedService>(services => services.GetRequiredService<StartRecovery>()));
    builder.Services.AddHostedService<BackEndNote>();
    // Ends after the bus: what was being started or cloned then is known by now.
    if (settings.StopsWhatRuns)
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService, OrderlyEnd>());
    builder.Services.AddHostedService<Leaving>();
    builder.Services.AddHostedService<Announcer>();
    builder.Services.AddHostedService<LeaseWatch>();
    builder.Services.AddHostedService<ExitReporter>();
    builder.Services.AddSingleton(PowerMeters.Open(settings, groups, TimeProvider.System));
    builder.Services.AddHostedService<PowerReporter>();
    return builder;
});
