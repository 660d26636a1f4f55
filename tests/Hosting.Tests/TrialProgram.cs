using JustRunIt.Hosting.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace JustRunIt.Hosting.Tests;

/// <summary>Run as a program, the tests are a process that fails in one way or another, as the system's processes may.</summary>
internal static class TrialProgram
{
    public static Task<int> Main(string[] args) => ServiceProgram.RunAsync([], "Trial: fails as it is told", () =>
    {
        if (args is ["build"])
            throw new IOException("what is built\nfails");
        var builder = args is ["bus"]
            ? ProcessHost.CreateBusOnly("trial", _ => { })
            : ProcessHost.CreateBuilder("trial");
        if (args is ["start"])
            builder.Services.AddHostedService(_ => new Starting());
        if (args is ["background"])
            builder.Services.AddHostedService(_ => new Background());
        if (args is ["thread"])
            builder.Services.AddHostedService(_ => new OnAThread());
        return builder;
    });

    private sealed class Starting : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => throw new InvalidOperationException("the start fails");

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class Background : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), stoppingToken);
            throw new InvalidOperationException("the work fails");
        }
    }

    private sealed class OnAThread : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            new Thread(() => throw new InvalidOperationException("the thread fails")).Start();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
