using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Machines;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Power;

/// <summary>
/// Reads the meters and reports. A meter that fails is told of once, and once more when it works again; no number is made up.
/// </summary>
internal sealed partial class PowerReporter(
    AgentSettings settings,
    IReadOnlyList<(MachineSettings Machine, IPowerMeter Meter)> meters,
    IControlGroups groups,
    VmHost host,
    IBus bus,
    TimeProvider clock,
    ILogger<PowerReporter> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var bases = new BasePowerFile(settings);
        await Task.WhenAll(meters.Select(entry => WatchAsync(
            entry.Machine, entry.Meter, new MachinePower(settings, entry.Machine, entry.Meter, groups, bases, clock), stoppingToken)));
    }

    /// <inheritdoc />
    public override void Dispose()
    {
        foreach (var (_, meter) in meters)
            meter.Dispose();
        base.Dispose();
    }

    private async Task WatchAsync(MachineSettings machine, IPowerMeter meter, MachinePower power, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(settings.Power!.ReportEvery, clock);
        var fails = false;
        try
        {
            do
            {
                try
                {
                    var running = host.List().Where(vm => vm.Machine == machine.Name).Select(vm => vm.Name).ToList();
                    if (await power.MeasureAsync(running, cancellation) is { } measured)
                        await bus.Publish(measured, cancellation);
                    if (fails)
                        Log.Works(logger, machine.Name, meter.Description);
                    fails = false;
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    // A meter, a file of the kernel's or of ours, the bus: none of them ends the agent, and the next report may go.
                    if (!fails)
                        Log.Fails(logger, machine.Name, meter.Description, e.Message);
                    fails = true;
                }
            }
            while (await timer.WaitForNextTickAsync(cancellation));
        }
        catch (OperationCanceledException)
        {
            // The agent stops.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 1202, Level = LogLevel.Warning, Message = "machine {Machine}: power meter {Meter} cannot be read: {Reason}")]
        public static partial void Fails(ILogger logger, string machine, string meter, string reason);

        [LoggerMessage(EventId = 1203, Level = LogLevel.Information, Message = "machine {Machine}: power meter {Meter} is read again")]
        public static partial void Works(ILogger logger, string machine, string meter);
    }
}
