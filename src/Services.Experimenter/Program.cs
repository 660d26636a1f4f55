using JustRunIt.Events;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Store;
using JustRunIt.Events.Timers;
using JustRunIt.Hosting;
using JustRunIt.Services.Experimenter;
using Microsoft.Extensions.DependencyInjection;

// Explorations have a stream each: they need not wait for one another.
const int atOnce = 8;
return await ServiceProgram.RunAsync(args, "Experimenter: explores a violated or slack service by experiments on a clone", () =>
{
    var builder = ServiceHost.CreateService(
        Catalog.Experimenter,
        messages => messages
            .Decide<SlaViolated, ExplorationDecider>(atOnce)
            .Decide<SlaSlackDetected, ExplorationDecider>(atOnce)
            .Decide<AllocationNotDecided, ExplorationDecider>(atOnce)
            .Decide<ExplorationCompleted, ExplorationDecider>(atOnce)
            .Decide<ServiceWithdrawn, ExplorationDecider>(atOnce)
            .Decide<VmCloned, ExperimentDecider>(atOnce)
            .Decide<VmCloneFailed, ExperimentDecider>(atOnce)
            .Decide<VmExited, ExperimentDecider>(atOnce)
            .Decide<AllocationSet, ExperimentDecider>(atOnce)
            .Decide<AllocationRefused, ExperimentDecider>(atOnce)
            .Decide<ReplayMeasured, ExperimentDecider>(atOnce)
            .Decide<ValidationRequested, ExperimentDecider>(atOnce)
            .Decide<TimerElapsed, ExperimentDecider>(atOnce)
            .Add<PowerMeasuredConsumer, PowerMeasured>(atOnce));
    PowerReadings.Register(builder.Services);
    return builder;
});
