using System.Net;
using System.Net.Sockets;
using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Machines;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.HostAgent.Moving;

/// <summary>
/// Hands a virtual machine to another agent: tells it by the bus where to fetch it, and waits for it there. The receiver answers the
/// command once it has it. Told again after that, it is asked again, and answers again.
/// </summary>
internal sealed class Departure(VmHost host, CommandSender commands)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Sends one. When this returns it runs there, or whoever has it has been asked to say so.</summary>
    /// <exception cref="HostException">It runs on here; or it cannot be moved.</exception>
    public async Task SendAsync(MigrateVm command, string other, ConsumeContext context, CancellationToken cancellation)
    {
        if (host.List().All(vm => vm.Name != command.Vm))
        {
            // Delivered twice, or before a crash: it may be there.
            await AskAsync(command, other, endpoint: null, Guid.Empty, context, cancellation);
            return;
        }

        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var ticket = Guid.NewGuid();
        await AskAsync(command, other, listener.LocalEndpoint.ToString(), ticket, context, cancellation);
        await using var connection = await AcceptAsync(listener, ticket, other, cancellation);
        await host.SendAsync(command.Vm, connection, cancellation, command);
    }

    private Task AskAsync(
        MigrateVm command, string other, string? endpoint, Guid ticket, ConsumeContext context, CancellationToken cancellation) =>
        commands.SendAsync(
            new ReceiveVm(command.Subject, command.RequestId, other, command.Vm, command.To, endpoint, ticket), context, cancellation);

    private static async Task<NetworkStream> AcceptAsync(TcpListener listener, Guid ticket, string other, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            return await Ticket.AcceptAsync(listener, ticket, patience.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new HostException($"agent {other} has not come for it within {Patience.TotalSeconds:0} s; it may be down");
        }
    }
}
