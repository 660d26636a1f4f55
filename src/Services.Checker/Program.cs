using JustRunIt.Events;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Store.Hosting;
using JustRunIt.Services.Checker;

return await ServiceHost.RunAsync(() => ServiceHost.CreateService(
    Catalog.Checker,
    args,
    consumers => consumers
        .Add<InterpolationUsedConsumer, InterpolationUsed>()
        .Add<ExperimentCompletedConsumer, ExperimentCompleted>()));
