using JustRunIt.Events;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Store;
using JustRunIt.Events.Timers;
using JustRunIt.Hosting;
using JustRunIt.Services.Experimenter;
using Microsoft.Extensions.DependencyInjection;

return await ServiceProgram.RunAsync(args, "Experimenter: explores a violated or slack service by experiments on a clone", () =>
{
    var builder = ServiceHost.CreateService(
        Catalog.Experimenter,
        messages => messages
            .Decide<SlaViolated, ExplorationDecider>()
            .Decide<SlaSlackDetected, ExplorationDecider>()
            .Decide<AllocationNotDecided, ExplorationDecider>()
            .Decide<VmCloned, ExperimentDecider>()
            .Decide<VmCloneFailed, ExperimentDecider>()
            .Decide<VmExited, ExperimentDecider>()
            .Decide<AllocationSet, ExperimentDecider>()
            .Decide<AllocationRefused, ExperimentDecider>()
            .Decide<ReplayMeasured, ExperimentDecider>()
            .Decide<ValidationRequested, ExperimentDecider>()
            .Decide<TimerElapsed, ExperimentDecider>()
            .Add<PowerMeasuredConsumer, PowerMeasured>(atOnce: 4));
    PowerReadings.Register(builder.Services);
    return builder;
});
