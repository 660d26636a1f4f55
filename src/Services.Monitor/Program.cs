using JustRunIt.Events;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Store;
using JustRunIt.Hosting;
using JustRunIt.Services.Monitor;
using JustRunIt.Services.Monitor.Configuration;
using Microsoft.Extensions.DependencyInjection;

return await ServiceProgram.RunAsync(
    args,
    "Monitor: compares what in-proxies and external monitors measure with the SLAs",
    ServicesFile.Read,
    configuration =>
    {
        var builder = ServiceHost.CreateService(
            Catalog.Monitor,
            messages => messages
                .Decide<ResponseTimesMeasured, SlaDecider>()
                .Decide<ExternalWindowReported, SlaDecider>());
        builder.Services.AddSingleton(configuration);
        builder.Services.AddHostedService<ServiceRegistration>();
        OpenWindows.Register(builder.Services);
        return builder;
    });
