using JustRunIt.Events;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Matrices.Interpolation;
using JustRunIt.Events.Store.Hosting;
using JustRunIt.Services.Interpolator;
using Microsoft.Extensions.DependencyInjection;

return await ServiceHost.RunAsync(() =>
{
    var builder = ServiceHost.CreateService(
        Catalog.Interpolator,
        args,
        consumers => consumers.Add<ExperimentsEndedConsumer, ExperimentsEnded>());
    builder.Services.AddSingleton<IInterpolationMethod, LinearInterpolation>();
    return builder;
});
