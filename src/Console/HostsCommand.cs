using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using JustRunIt.Client.CommandLine;
using JustRunIt.Client.Hosts;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;
using Spectre.Console;

namespace JustRunIt.Console;

/// <summary><c>justrunit hosts</c>: machines, what runs on them, allocations and power.</summary>
internal static class HostsCommand
{
    private const int WidthOfFiles = 240;
    private static readonly TimeSpan SettleInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan SettlePatience = TimeSpan.FromMinutes(2);
    private static readonly JsonSerializerOptions Indented = new(Wire.Json) { WriteIndented = true };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "print the agents' answers as JSON" };
        var adopt = new Option<string?>("--adopt")
        {
            Description = "take up what is in quarantine under this name as the on-line server that is noted",
            HelpName = "NAME",
        };
        var end = new Option<string?>("--end") { Description = "end what is in quarantine under this name", HelpName = "NAME" };
        var command = new ExampleCommand(
            "hosts", "list machines, virtual machines, clones, allocations and power", "./justrunit hosts --json")
        {
            json,
            adopt,
            end,
        };
        command.SetAction((parsed, cancellation) => (parsed.GetValue(adopt), parsed.GetValue(end)) switch
        {
            (null, null) => RunAsync(parsed.GetValue(json), cancellation),
            ({ } name, null) => SettleAsync(name, isAdopted: true, cancellation),
            (null, { } name) => SettleAsync(name, isAdopted: false, cancellation),
            _ => Task.FromResult(Both()),
        });
        return command;
    }

    private static int Both()
    {
        System.Console.Error.WriteLine("--adopt and --end: allowed is one of them");
        return CommandProgram.Failed;
    }

    /// <summary>Says what processes in quarantine are, to the agent that has them.</summary>
    private static async Task<int> SettleAsync(string name, bool isAdopted, CancellationToken cancellation)
    {
        await using var agents = await HostAgents.ConnectAsync(cancellation);
        var holders = (await agents.AskAsync(cancellation)).Where(host => (host.Quarantined ?? []).Any(one => one.Name == name)).ToList();
        if (holders is not [var holder])
        {
            await System.Console.Error.WriteLineAsync(holders.Count == 0
                ? $"{name}: no host agent that answers has it in quarantine; './justrunit hosts' lists what is"
                : $"{name}: in quarantine at {string.Join(", ", holders.Select(host => host.Agent))}; end all but one where they run");
            return CommandProgram.Failed;
        }

        var command = new SettleVm("by hand", Guid.NewGuid(), holder.Agent, name, isAdopted);
        await agents.SendAsync(command, command.RequestId, cancellation);
        VmSettled? answer = null;
        for (var end = DateTime.UtcNow + SettlePatience; answer is null && DateTime.UtcNow < end;)
        {
            await Task.Delay(SettleInterval, cancellation);
            answer = agents.Observer.Of<VmSettled>().FirstOrDefault(told => told.RequestId == command.RequestId);
        }

        if (answer is null or { Refused: not null })
        {
            await System.Console.Error.WriteLineAsync(
                answer?.Refused ?? $"{name}: agent {holder.Agent} has not answered within {SettlePatience.TotalSeconds:0} s");
            return CommandProgram.Failed;
        }

        System.Console.WriteLine(isAdopted ? $"{name} is an on-line server of agent {holder.Agent} again" : $"{name} has ended");
        return 0;
    }

    private static async Task<int> RunAsync(bool json, CancellationToken cancellation)
    {
        await using var agents = await HostAgents.ConnectAsync(cancellation);
        var answers = await agents.AskAsync(cancellation);
        if (answers.Count == 0)
        {
            await System.Console.Error.WriteLineAsync("no host agent answers on this bus; './justrunit up' starts one");
            return CommandProgram.Failed;
        }

        var power = agents.Observer.Of<PowerMeasured>()
            .GroupBy(report => (report.Agent, report.Machine))
            .ToDictionary(group => group.Key, group => group.Last());
        if (json)
        {
            System.Console.WriteLine(JsonSerializer.Serialize(new { hosts = answers, power = power.Values }, Indented));
            return 0;
        }

        var table = new Table().Border(TableBorder.None)
            .AddColumns("agent", "machine", "role", "runs", "cpu", "memory", "address", "power");
        foreach (var host in answers)
        {
            foreach (var machine in host.Machines)
            {
                AddMachine(table, host, machine, power.GetValueOrDefault((host.Agent, machine.Name)));
                foreach (var vm in host.Vms.Where(vm => vm.Machine == machine.Name))
                    table.AddRow("", "", "", Name(vm), $"{vm.Allocation.Cpu}", Mebibytes(vm.Allocation.Memory), Cell(vm.Endpoint), "");
            }
        }

        // Where nobody looks, no name is broken.
        if (System.Console.IsOutputRedirected)
            AnsiConsole.Profile.Width = WidthOfFiles;
        AnsiConsole.Write(table);
        foreach (var host in answers.Where(host => host.Why is not null))
            System.Console.WriteLine($"{host.Agent}: {host.Hypervisor} back end ({host.Why}); clones are {host.Clones}");
        foreach (var (host, one) in answers.SelectMany(host => (host.Quarantined ?? []).Select(one => (host, one))))
        {
            System.Console.WriteLine(
                $"{host.Agent}: {one.Name} on {one.Machine} is in quarantine ({one.Reason}); it runs on, {one.Allocation} count as taken; "
                + (one.CanBeAdopted ? $"--adopt {one.Name} or --end {one.Name} settles it" : $"--end {one.Name} ends it"));
        }

        return 0;
    }

    private static void AddMachine(Table table, HostReported host, HostMachine machine, PowerMeasured? power) => table.AddRow(
        Cell(host.Agent),
        Cell(machine.Name),
        $"{machine.Role}".ToLowerInvariant() + (host.Simulated ? ", simulated" : ""),
        Cell(host.Hypervisor),
        $"{machine.Capacity.Cpu}",
        Mebibytes(machine.Capacity.Memory),
        "",
        power is null ? "not measured"
            : string.Create(CultureInfo.InvariantCulture, $"{power.Power.Value:0.#} W{(power.Estimated ? " (estimated)" : "")}"));

    private static string Name(HostVm vm) => Cell(
        vm.CloneOf is null ? vm.Name : $"{vm.Name}, clone of {vm.CloneOf} until {vm.LeaseUntil:HH:mm:ss} UTC");

    /// <summary>Names are other people's: what looks like the library's mark-up is none.</summary>
    private static string Cell(string text) => Markup.Escape(text);

    private static string Mebibytes(MemorySize? memory) => FormattableString.Invariant($"{memory?.Mebibytes:0} MiB");
}
