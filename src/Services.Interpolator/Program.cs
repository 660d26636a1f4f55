using JustRunIt.Events;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Matrices.Interpolation;
using JustRunIt.Events.Store;
using JustRunIt.Hosting;
using JustRunIt.Services.Interpolator;
using Microsoft.Extensions.DependencyInjection;

return await ServiceProgram.RunAsync(args, "Interpolator: fills the blanks of a matrix, and flags them", () =>
{
    var builder = ServiceHost.CreateService(
        Catalog.Interpolator,
        consumers => consumers.Add<ExperimentsEndedConsumer, ExperimentsEnded>());
    builder.Services.AddSingleton<IInterpolationMethod, LinearInterpolation>();
    return builder;
});
