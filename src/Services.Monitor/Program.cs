using JustRunIt.Events;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Store;
using JustRunIt.Hosting;
using JustRunIt.Services.Monitor;
using JustRunIt.Services.Monitor.Configuration;
using Microsoft.Extensions.DependencyInjection;

return await ServiceProgram.RunAsync(args, "Monitor: compares what in-proxies and external monitors measure with the SLAs", ServicesFile.Read, definitions =>
{
    var builder = ServiceHost.CreateService(
        Catalog.Monitor,
        consumers => consumers
            .Add<ResponseTimesMeasuredConsumer, ResponseTimesMeasured>()
            .Add<ExternalWindowReportedConsumer, ExternalWindowReported>());
    builder.Services.AddSingleton(definitions);
    builder.Services.AddHostedService<ServiceRegistration>();
    return builder;
});
