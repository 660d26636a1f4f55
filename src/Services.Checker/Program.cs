using JustRunIt.Events;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Store;
using JustRunIt.Hosting;
using JustRunIt.Services.Checker;

return await ServiceProgram.RunAsync(args, "Checker: has every interpolated value validated that a decision used", () => ServiceHost.CreateService(
    Catalog.Checker,
    consumers => consumers
        .Add<InterpolationUsedConsumer, InterpolationUsed>()
        .Add<ExperimentCompletedConsumer, ExperimentCompleted>()));
