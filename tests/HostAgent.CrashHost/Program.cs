using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Networks;

// An agent without a bus that takes up what runs, does one thing and says how far it has come: it is there to be killed.
Console.WriteLine("begun");
var settings = JsonSerializer.Deserialize<AgentSettings>(await Console.In.ReadLineAsync() ?? "")!;
var backEnd = BackEndRegistry.All.First(kind => kind.Name == settings.BackEnd);
var host = new VmHost(backEnd, new HostParts(
    settings, ControlGroupDetection.Detect(settings), new StateFile(settings), new SandboxNetworks(settings), TimeProvider.System,
    new Teller()));
await host.RecoverAsync(CancellationToken.None);
Console.WriteLine("recovered");
switch (args)
{
    case ["start", var json]:
        await host.StartAsync(JsonSerializer.Deserialize<StartVm>(json, Wire.Json)!, CancellationToken.None);
        break;
    case ["stop", var vm]:
        await host.StopAsync(vm, CancellationToken.None);
        break;
    case ["allocate", var vm, var cores]:
        await host.AllocateAsync(
            vm, new VmAllocation(new CpuShare(double.Parse(cores, CultureInfo.InvariantCulture))), CancellationToken.None);
        break;
    case ["relocate", var vm, var machine]:
        await host.MigrateAsync(vm, machine, CancellationToken.None);
        break;
    case ["clone", var original, var clone]:
        await CloneAsync(original, clone);
        break;
    case ["clone-and-stop", var original, var clone]:
        await CloneAsync(original, clone);
        Console.WriteLine("cloned");
        await host.StopAsync(clone, CancellationToken.None);
        break;
    case ["send", var vm, var port]:
        await host.SendAsync(vm, await ConnectAsync(port), CancellationToken.None);
        break;
    case ["receive", var machine, var port]:
        await host.ReceiveAsync(machine, await ConnectAsync(port), CancellationToken.None);
        break;
}

Console.WriteLine("done");
await Task.Delay(Timeout.Infinite);

Task<CloneResult> CloneAsync(string original, string clone) => host.CloneAsync(
    new CloneVm(
        "matrix",
        Guid.NewGuid(),
        settings.Agent,
        original,
        clone,
        settings.Machines.First(machine => machine.Role == MachineRole.Sandbox).Name,
        null,
        DateTimeOffset.UtcNow.AddMinutes(5)),
    CancellationToken.None);

static async Task<NetworkStream> ConnectAsync(string port)
{
    var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
    await socket.ConnectAsync(IPAddress.Loopback, int.Parse(port, CultureInfo.InvariantCulture));
    return new NetworkStream(socket, ownsSocket: true);
}

/// <summary>Tells at once, before the phase goes on.</summary>
internal sealed class Teller : IProgress<Phase>
{
    public void Report(Phase value) => Console.WriteLine(value.Name);
}
