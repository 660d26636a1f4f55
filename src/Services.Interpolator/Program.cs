using JustRunIt.Events;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Matrices.Filling;
using JustRunIt.Events.Store;
using JustRunIt.Hosting;

return await ServiceProgram.RunAsync(args, "Interpolator: fills the blanks of a matrix, and flags them", () => ServiceHost.CreateService(
    Catalog.Interpolator,
    messages => messages.Decide<ExperimentsEnded, FillingDecider>(atOnce: 4)));
