using JustRunIt.Events;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Store;
using JustRunIt.Hosting;
using JustRunIt.Services.Monitor;
using JustRunIt.Services.Monitor.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

return await ServiceProgram.RunAsync(
    args,
    "Monitor: compares what in-proxies and external monitors measure with the SLAs",
    ServicesFile.Read,
    configuration =>
    {
        var builder = Create();
        builder.Services.AddSingleton(configuration);
        builder.Services.AddHostedService<ServiceRegistration>();
        return builder;
    },
    schema: Create);

static HostApplicationBuilder Create()
{
    var builder = ServiceHost.CreateService(
        Catalog.Monitor,
        messages => messages
            .DecideTogether<ResponseTimesMeasured, SlaDecider>()
            .Decide<ExternalWindowReported, SlaDecider>());
    OpenWindows.Register(builder.Services);
    return builder;
}
