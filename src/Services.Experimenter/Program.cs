using JustRunIt.Events;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Store;
using JustRunIt.Events.Store.Power;
using JustRunIt.Events.Timers;
using JustRunIt.Hosting;
using JustRunIt.Services.Experimenter;
using Microsoft.Extensions.DependencyInjection;

return await ServiceProgram.RunAsync(args, "Experimenter: explores a violated or slack service by experiments on a clone", () =>
{
    var builder = ServiceHost.CreateService(
        Catalog.Experimenter,
        consumers => consumers
            .Add<SlaViolatedConsumer, SlaViolated>()
            .Add<SlaSlackDetectedConsumer, SlaSlackDetected>()
            .Add<VmClonedConsumer, VmCloned>()
            .Add<VmCloneFailedConsumer, VmCloneFailed>()
            .Add<VmExitedConsumer, VmExited>()
            .Add<AllocationSetConsumer, AllocationSet>()
            .Add<AllocationRefusedConsumer, AllocationRefused>()
            .Add<PowerMeasuredConsumer, PowerMeasured>(atOnce: 4)
            .Add<ReplayMeasuredConsumer, ReplayMeasured>()
            .Add<ValidationRequestedConsumer, ValidationRequested>()
            .Add<TimerElapsedConsumer, TimerElapsed>());
    builder.Services.AddSingleton<PowerReadings>();
    builder.Services.AddSingleton<ExperimentProcess>();
    builder.Services.AddSingleton<ExplorationProcess>();
    return builder;
});
