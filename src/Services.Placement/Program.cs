using JustRunIt.Events;
using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Store;
using JustRunIt.Events.Timers;
using JustRunIt.Hosting;

return await ServiceProgram.RunAsync(
    args,
    "Placement: the fewest machines on which every SLA is met, and the steps to get there",
    () => ServiceHost.CreateService(
        Catalog.Placement,
        messages => messages
            .Decide<MachineAnnounced, InventoryDecider>()
            .Decide<VmStarted, InventoryDecider>()
            .Decide<VmExited, InventoryDecider>()
            .Decide<ForgetMachine, ForgettingDecider>()
            .Decide<MatrixFilled, PlacementDecider>()
            .Decide<MismatchDetected, PlacementDecider>()
            .Decide<TimerElapsed, PlacementDecider>()
            .Decide<VmMigrated, StepDecider>()
            .Decide<VmMigrationFailed, StepDecider>()
            .Decide<AllocationSet, StepDecider>()
            .Decide<AllocationRefused, StepDecider>()));
