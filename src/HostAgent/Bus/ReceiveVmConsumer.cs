using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Moving;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Fetches a virtual machine from another agent, and says that it is here; said again when asked again.</summary>
internal sealed class ReceiveVmConsumer(VmHost host, AgentSettings settings, ILogger<ReceiveVmConsumer> logger) : IConsumer<ReceiveVm>
{
    public async Task Consume(ConsumeContext<ReceiveVm> context)
    {
        var (command, begin) = (context.Message, Stopwatch.GetTimestamp());
        var vm = Find(command.Vm);
        try
        {
            if (vm is null && command.Endpoint is { } endpoint)
                vm = await FetchAsync(endpoint, command, context.CancellationToken);
        }
        catch (Exception e) when (Answer.Is(e))
        {
            // The sender has heard why, or has given up: it answers. Unless it was given at the last moment.
            if ((vm = Find(command.Vm)) is null)
            {
                AgentLog.NotMoved(logger, command.Vm, command.To, Answer.Reason(e, logger));
                return;
            }
        }

        if (vm is null)
        {
            await context.Publish(new VmMigrationFailed(
                command.Subject,
                command.RequestId,
                settings.Agent,
                command.Vm,
                $"virtual machine {command.Vm} runs neither there nor on a machine of agent {settings.Agent}"));
            return;
        }

        var took = Stopwatch.GetElapsedTime(begin);
        AgentLog.Moved(logger, vm.Name, vm.Machine, took.TotalMilliseconds);
        await context.Publish(Reports.Migrated(settings, command.Subject, command.RequestId, vm, took));
        // Also for an inventory that has given the move up meanwhile.
        await context.Publish(Allocations.Started(settings, vm));
    }

    private RunningVm? Find(string vm) => host.List().FirstOrDefault(present => present.Name == vm && present.Origin is null);

    private async Task<RunningVm> FetchAsync(string endpoint, ReceiveVm command, CancellationToken cancellation)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPEndPoint.Parse(endpoint), cancellation);
        await using var connection = new NetworkStream(socket);
        await Ticket.SayAsync(connection, command.Ticket, cancellation);
        return await host.ReceiveAsync(command.To, connection, cancellation);
    }
}
