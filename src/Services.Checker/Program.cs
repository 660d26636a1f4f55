using JustRunIt.Events;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Matrices.Checking;
using JustRunIt.Events.Store;
using JustRunIt.Hosting;

return await ServiceProgram.RunAsync(
    args,
    "Checker: has every interpolated value validated that a decision used",
    () =>
    {
        var builder = ServiceHost.CreateService(
            Catalog.Checker,
            messages => messages
                .Decide<InterpolationUsed, CheckingDecider>(atOnce: 4)
                .Decide<ExperimentCompleted, CheckingDecider>(atOnce: 4));
        ServiceHost.AddSealing(builder);
        return builder;
    });
