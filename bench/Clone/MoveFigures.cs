using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Machines;

namespace JustRunIt.Bench.Clone;

/// <summary>What moving a server with one heap size from one agent to another gave.</summary>
/// <param name="BackEnd">The back end.</param>
/// <param name="HeapMegabytes">Live heap.</param>
/// <param name="LongestOnOpen">Longest wait for a reply on an open connection while it moved.</param>
/// <param name="LongestOnNew">The same from the opening of a new connection.</param>
/// <param name="Total">From the beginning of the move to its end.</param>
internal sealed record MoveFigures(string BackEnd, int HeapMegabytes, TimeSpan LongestOnOpen, TimeSpan LongestOnNew, TimeSpan Total)
{
    /// <summary>Moves a server to and fro while two clients ask it; the middle of each figure.</summary>
    public static async Task<MoveFigures> MeasureAsync(IBackEndKind backEnd, Host here, Host there, int megabytes, int repetitions)
    {
        var vm = await here.StartAsync(megabytes);
        var rounds = new List<MoveFigures>();
        var (from, to) = (here, there);
        for (var i = 0; i < repetitions; i++)
        {
            await using var clients = await Clients.StartAsync(vm.Endpoint);
            var begin = Stopwatch.GetTimestamp();
            await MoveAsync(from.Vms, to.Vms, vm.Name);
            var total = Stopwatch.GetElapsedTime(begin);
            var (open, @new) = await clients.EndAsync();
            rounds.Add(new MoveFigures(backEnd.Name, megabytes, open, @new, total));
            (from, to) = (to, from);
        }

        await from.Vms.StopAsync(vm.Name, CancellationToken.None);
        return new MoveFigures(
            backEnd.Name, megabytes, Middle(
                round => round.LongestOnOpen), Middle(round => round.LongestOnNew), Middle(round => round.Total));

        TimeSpan Middle(Func<MoveFigures, TimeSpan> figure) => rounds.Select(figure).Order().ElementAt(rounds.Count / 2);
    }

    private static async Task MoveAsync(VmHost from, VmHost to, string vm)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var server = await listener.AcceptTcpClientAsync();
        var received = to.ReceiveAsync("production", server.GetStream(), CancellationToken.None);
        await from.SendAsync(vm, client.GetStream(), CancellationToken.None);
        await received;
    }
}
