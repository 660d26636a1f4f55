using JustRunIt.Events;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Store;
using JustRunIt.Events.Timers;
using JustRunIt.Hosting;
using JustRunIt.Services.Placement;
using Microsoft.Extensions.DependencyInjection;

return await ServiceProgram.RunAsync(args, "Placement: the fewest machines on which every SLA is met, and the steps to get there", () =>
{
    var builder = ServiceHost.CreateService(
        Catalog.Placement,
        consumers => consumers
            .Add<MachineAnnouncedConsumer, MachineAnnounced>()
            .Add<VmStartedConsumer, VmStarted>()
            .Add<MatrixFilledConsumer, MatrixFilled>()
            .Add<MismatchDetectedConsumer, MismatchDetected>()
            .Add<VmMigratedConsumer, VmMigrated>()
            .Add<VmMigrationFailedConsumer, VmMigrationFailed>()
            .Add<AllocationSetConsumer, AllocationSet>()
            .Add<AllocationRefusedConsumer, AllocationRefused>()
            .Add<TimerElapsedConsumer, TimerElapsed>());
    builder.Services.AddSingleton<PlacementProcess>();
    return builder;
});
