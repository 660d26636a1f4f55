using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using JustRunIt.Client.CommandLine;
using JustRunIt.Client.Hosts;
using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.Console;

/// <summary><c>justrunit forget MACHINE</c>: releases a machine's name from the host agent that holds it.</summary>
internal static class ForgetCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var machine = new Argument<string>("MACHINE") { Description = "the machine; './justrunit hosts' lists those whose agents answer" };
        var dataCenter = CheckedOption.Create<Name>(
            "--data-center",
            "NAME",
            "its data centre (default: the one that the host agents name)",
            Name.Allowed,
            (string text, out Name value) => Name.TryParse(text, out value!));
        var force = new Option<bool>("--force") { Description = "forget it with the servers that are known to run on it" };
        var json = new Option<bool>("--json") { Description = "print the answer as JSON" };
        var command = new ExampleCommand(
            "forget",
            "release a machine's name from the host agent that holds it, so that another may announce it; ends nothing that runs",
            "./justrunit forget app-2")
        {
            machine,
            dataCenter,
            force,
            json,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(machine)!,
            parsed.GetValue(dataCenter)?.Value,
            parsed.GetValue(force),
            parsed.GetValue(json),
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string machine, string? dataCenter, bool force, bool json, CancellationToken cancellation)
    {
        if (Name.Problem("MACHINE", machine) is { } problem)
            throw new ConfigurationException($"command line: {problem}");
        await using var agents = await HostAgents.ConnectAsync(cancellation);
        var command = new ForgetMachine(
            Guid.NewGuid(),
            dataCenter ?? DataCenterOf(await agents.AskAsync(cancellation)),
            machine,
            force,
            DateTimeOffset.UtcNow + Patience);
        await agents.SendAsync(command, command.RequestId, cancellation);
        for (var begin = Stopwatch.StartNew(); begin.Elapsed < Patience; await Task.Delay(Interval, cancellation))
        {
            var (forgotten, kept) = (
                agents.Observer.Of<MachineForgotten>().FirstOrDefault(answer => answer.RequestId == command.RequestId),
                agents.Observer.Of<MachineNotForgotten>().FirstOrDefault(answer => answer.RequestId == command.RequestId));
            if (json && (forgotten ?? (object?)kept) is { } answer)
                System.Console.WriteLine(JsonSerializer.Serialize(answer, answer.GetType(), Wire.Json));
            if (forgotten is not null)
            {
                if (!json)
                    System.Console.WriteLine(Told(forgotten));
                return 0;
            }

            if (kept is not null)
            {
                if (!json)
                    await System.Console.Error.WriteLineAsync($"{machine} is not forgotten: {kept.Reason}");
                return CommandProgram.Failed;
            }
        }

        await System.Console.Error.WriteLineAsync(
            FormattableString.Invariant($"forget: Placement did not answer within {Patience.TotalSeconds:0} s; is the system running?"));
        return CommandProgram.Failed;
    }

    private static string Told(MachineForgotten forgotten) => forgotten switch
    {
        { Agent: null, Vms.Count: 0 } => $"{forgotten.Machine} was not known",
        { Vms.Count: 0 } => $"{forgotten.Machine} is forgotten; it was agent {forgotten.Agent}'s",
        _ => $"{forgotten.Machine} is forgotten, with {string.Join(", ", forgotten.Vms)}; it was agent {forgotten.Agent}'s",
    };

    private static string DataCenterOf(IReadOnlyList<HostReported> answers) =>
        answers.Select(answer => answer.DataCenter).Distinct().ToList() switch
        {
            [var only] => only,
            [] => throw new ConfigurationException("command line: --data-center: missing; no host agent answers that could name it"),
            var several => throw new ConfigurationException(
                $"command line: --data-center: missing; allowed is {string.Join(" or ", several)}"),
        };
}
