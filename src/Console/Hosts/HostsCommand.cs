using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using Spectre.Console;

namespace JustRunIt.Console.Hosts;

/// <summary><c>justrunit hosts</c>: machines, what runs on them, allocations and power.</summary>
internal static class HostsCommand
{
    private const int WidthOfFiles = 240;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "print the agents' answers as JSON" };
        var command = new Command("hosts", "list machines, virtual machines, clones, allocations and power") { json };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(json), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(bool json, CancellationToken cancellation)
    {
        await using var agents = await HostAgents.ConnectAsync(cancellation);
        var answers = await agents.AskAsync(cancellation);
        if (answers.Count == 0)
        {
            await System.Console.Error.WriteLineAsync("no host agent answers on this bus; './justrunit up' starts one");
            return 1;
        }

        var power = agents.Observer.Of<PowerMeasured>().GroupBy(report => (report.Agent, report.Machine)).ToDictionary(group => group.Key, group => group.Last());
        if (json)
        {
            System.Console.WriteLine(JsonSerializer.Serialize(new { hosts = answers, power = power.Values }, new JsonSerializerOptions(Wire.Json) { WriteIndented = true }));
            return 0;
        }

        var table = new Table().Border(TableBorder.None).AddColumns("agent", "machine", "role", "runs", "cpu", "memory", "address", "power");
        foreach (var host in answers)
        {
            foreach (var machine in host.Machines)
            {
                power.TryGetValue((host.Agent, machine.Name), out var measured);
                table.AddRow(
                    host.Agent,
                    machine.Name,
                    $"{machine.Role}".ToLowerInvariant() + (host.Simulated ? ", simulated" : ""),
                    host.Hypervisor,
                    $"{machine.Cpu}",
                    Mebibytes(machine.Memory.Mebibytes),
                    "",
                    measured is null ? "not measured" : string.Create(CultureInfo.InvariantCulture, $"{measured.Power.Value:0.#} W{(measured.Estimated ? " (estimated)" : "")}"));
                foreach (var vm in host.Vms.Where(vm => vm.Machine == machine.Name))
                    table.AddRow("", "", "", vm.CloneOf is null ? vm.Name : $"{vm.Name}, clone of {vm.CloneOf} until {vm.LeaseUntil:HH:mm:ss} UTC", $"{vm.Cpu}", Mebibytes(vm.Memory.Mebibytes), vm.Endpoint, "");
            }
        }

        // Where nobody looks, no name is broken.
        if (System.Console.IsOutputRedirected)
            AnsiConsole.Profile.Width = WidthOfFiles;
        AnsiConsole.Write(table);
        foreach (var host in answers.Where(host => host.Why is not null))
            System.Console.WriteLine($"{host.Agent}: {host.Hypervisor} back end ({host.Why}); clones are {host.Clones}");
        return 0;
    }

    private static string Mebibytes(double mebibytes) => FormattableString.Invariant($"{mebibytes:0} MiB");
}
