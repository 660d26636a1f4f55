using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using JustRunIt.Events.Authority;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Naming;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Moving;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Hosting.Messaging.Authority;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>
/// Fetches a virtual machine from another agent, where Placement has ordered that, and says that it is here; said again when asked again.
/// What is not ordered is counted and told, and answered by nobody here: whoever asks gives up, and answers the command to move.
/// </summary>
internal sealed class ReceiveVmConsumer(
    VmHost host, MoveOrders orders, AgentSettings settings, RefusalMeter refusals, TimeProvider clock, ILogger<ReceiveVmConsumer> logger)
    : IConsumer<ReceiveVm>
{
    public async Task Consume(ConsumeContext<ReceiveVm> context)
    {
        var (command, begin) = (context.Message, Stopwatch.GetTimestamp());
        var sender = context.TryGetPayload<Speaker>(out var speaker) ? speaker : null;
        if (await orders.WhyNotAsync(
            command, sender?.Name, () => Find(command.Vm) is not null, context.CancellationToken) is { } unordered)
        {
            refusals.Count(typeof(ReceiveVm), sender);
            AgentLog.NotOrdered(logger, command.Vm, sender?.Name ?? "unknown", unordered);
            return;
        }

        var vm = Find(command.Vm);
        try
        {
            if (vm is null && command.Endpoint is { } endpoint)
            {
                Expiry.Check(command, clock);
                vm = await FetchAsync(SenderAt(endpoint), command, context.CancellationToken);
            }
        }
        catch (Exception e) when (Answer.Is(e, context.CancellationToken))
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
            await Answers.PublishAsync(context, command.RequestId, new VmMigrationFailed(
                command.Subject,
                command.RequestId,
                settings.Agent,
                command.Vm,
                $"virtual machine {command.Vm} runs neither there nor on a machine of agent {settings.Agent}"));
            return;
        }

        var took = Stopwatch.GetElapsedTime(begin);
        AgentLog.Moved(logger, vm.Name, vm.Machine, took.TotalMilliseconds);
        await Answers.PublishAsync(
            context, command.RequestId, Reports.Migrated(settings, command.Subject, command.RequestId, vm, took));
        // Also for an inventory that has given the move up meanwhile.
        await context.Publish(Allocations.Started(settings, vm));
        // Not before it is answered: whoever was killed on the way is asked again, and must not refuse then what has come.
        orders.Taken(command.RequestId);
    }

    /// <summary>What runs moves between the agents of one host: nobody else is connected to.</summary>
    private static IPEndPoint SenderAt(string endpoint) =>
        Endpoint.TryParse(endpoint, EndpointKinds.Address, out var sender) && IPAddress.IsLoopback(sender.Ip!.Address)
            ? sender.Ip
            : throw new HostException(
                $"endpoint: '{Name.Shown(endpoint)}'; allowed is a loopback address and a port, such as 127.0.0.1:8080");

    private RunningVm? Find(string vm) => host.List().FirstOrDefault(present => present.Name == vm && present.Origin is null);

    private async Task<RunningVm> FetchAsync(IPEndPoint sender, ReceiveVm command, CancellationToken cancellation)
    {
        using var socket = new Socket(sender.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(sender, cancellation);
        await using var connection = new NetworkStream(socket);
        await Ticket.SayAsync(connection, command.Ticket, cancellation);
        return await host.ReceiveAsync(command.To, connection, cancellation, command.Vm);
    }
}
