using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using JustRunIt.Client.CommandLine;
using JustRunIt.Client.Hosts;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Naming;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.Console;

/// <summary><c>justrunit clone NAME</c>: clones an on-line virtual machine by hand.</summary>
internal static class CloneCommand
{
    private const string Subject = "by hand";
    private const double HighestPercent = 409_600;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan KeptLease = TimeSpan.FromHours(24);

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = "the on-line virtual machine; './justrunit hosts' lists them" };
        var cpu = CheckedOption.Create<CpuShare?>(
            "--cpu", "SHARE", "cap of the clone, as 60% of a core (default: the original's)", "a percentage from 1 %", TryReadShare);
        var next = CheckedOption.Create<Endpoint?>(
            "--next",
            "HOST:PORT",
            "the clone's out-proxy (default: none, it reaches nothing)",
            Endpoint.Allowed(EndpointKinds.HostName),
            (string text, out Endpoint? value) => Endpoint.TryParse(text, EndpointKinds.HostName, out value));
        var keep = new Option<bool>("--keep") { Description = "leave the clone running for a day; otherwise it is destroyed at once" };
        var command = new ExampleCommand(
            "clone",
            "clone an on-line virtual machine by hand; tells the pause and the time at the end",
            "./justrunit clone shop-1 --cpu 40% --keep")
        {
            name,
            cpu,
            next,
            keep,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(name)!, parsed.GetValue(cpu), parsed.GetValue(next)?.ToString(), parsed.GetValue(keep), cancellation));
        return command;
    }

    private static bool TryReadShare(string text, out CpuShare? share)
    {
        var isShare = double.TryParse(text.TrimEnd('%').Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var percent)
            && percent is >= 1 and <= HighestPercent;
        share = isShare ? CpuShare.FromPercent(percent) : null;
        return isShare;
    }

    private static async Task<int> RunAsync(string name, CpuShare? share, string? next, bool keep, CancellationToken cancellation)
    {
        await using var agents = await HostAgents.ConnectAsync(cancellation);
        var (host, sandbox) = Find(name, await agents.AskAsync(cancellation));
        var request = Guid.NewGuid();
        var clone = Name.Of(name, $"-by-hand-{request.ToString("N")[..6]}");
        var lease = DateTimeOffset.UtcNow + (keep ? KeptLease : Patience);
        await agents.SendAsync(new CloneVm(Subject, request, host.Agent, name, clone, sandbox.Name, next, lease), request, cancellation);
        var begin = Stopwatch.StartNew();
        var made = await WaitAsync(
            () => agents.Observer.Of<VmCloned>().FirstOrDefault(answer => answer.RequestId == request),
            () => agents.Observer.Of<VmCloneFailed>().FirstOrDefault(answer => answer.RequestId == request)?.Reason,
            $"cloning {name} to {sandbox.Name}",
            begin,
            cancellation);
        if (made is null)
            return CommandProgram.Failed;
        System.Console.WriteLine(Told(clone, made));
        var isCapped = share is not { } cap || await CapAsync(agents, host.Agent, clone, cap, begin, cancellation);
        if (keep)
            System.Console.WriteLine("it is destroyed in 24 hours, or when its host agent starts anew");
        else
            await agents.SendAsync(new DestroyClone(Subject, Guid.NewGuid(), host.Agent, clone), Guid.NewGuid(), cancellation);
        return isCapped ? 0 : CommandProgram.Failed;
    }

    /// <summary>Whose it is, and where its clone can be.</summary>
    /// <exception cref="ConfigurationException">No agent has it, or its agent has no sandbox.</exception>
    private static (HostReported Host, HostMachine Sandbox) Find(string name, IReadOnlyList<HostReported> answers)
    {
        var host = answers.FirstOrDefault(answer => answer.Vms.Any(vm => vm.Name == name && vm.CloneOf is null));
        if (host is null)
        {
            var known = answers.SelectMany(answer => answer.Vms).Where(vm => vm.CloneOf is null).Select(vm => vm.Name).ToList();
            var allowed = known.Count == 0 ? "nothing: no virtual machine runs" : string.Join(" or ", known);
            throw new ConfigurationException($"command line: clone: '{name}'; allowed is {allowed}");
        }

        return host.Machines.FirstOrDefault(machine => machine.Role == MachineRole.Sandbox) is { } sandbox
            ? (host, sandbox)
            : throw new ConfigurationException($"agent {host.Agent} has no machine with the role sandbox");
    }

    private static string Told(string clone, VmCloned made) => FormattableString.Invariant(
        $"{clone} answers at {made.Endpoint}: {(made.Cold ? "started cold" : "cloned live")} by the {made.Hypervisor} back end")
        + FormattableString.Invariant(
            $" in {made.CloneTime.TotalMilliseconds:0} ms; the original stood still for {made.Pause.TotalMilliseconds:0} ms;")
        + FormattableString.Invariant($" {made.BytesCopied / 1e6:0.0} MB moved");

    /// <summary>Caps the clone; false when that was refused.</summary>
    private static async Task<bool> CapAsync(
        HostAgents agents, string agent, string clone, CpuShare cap, Stopwatch begin, CancellationToken cancellation)
    {
        var request = Guid.NewGuid();
        await agents.SendAsync(new SetAllocation(Subject, request, agent, clone, Allocation.Of(cap)), request, cancellation);
        var set = await WaitAsync(
            () => agents.Observer.Of<AllocationSet>().FirstOrDefault(answer => answer.RequestId == request),
            () => agents.Observer.Of<AllocationRefused>().FirstOrDefault(answer => answer.RequestId == request)?.Reason,
            "setting its allocation",
            begin,
            cancellation);
        if (set is not null)
            System.Console.WriteLine($"its cap is {set.Allocation.Cpu} of a core");
        return set is not null;
    }

    /// <summary>Waits for an answer, showing that it does; prints the reason of a refusal and returns null.</summary>
    private static async Task<T?> WaitAsync<T>(
        Func<T?> answer, Func<string?> refusal, string what, Stopwatch begin, CancellationToken cancellation)
        where T : class
    {
        while (begin.Elapsed < Patience)
        {
            if (answer() is { } found)
            {
                Show("");
                return found;
            }

            if (refusal() is { } reason)
            {
                Show("");
                await System.Console.Error.WriteLineAsync(reason);
                return null;
            }

            Show(FormattableString.Invariant($"{what} ... {begin.Elapsed.TotalSeconds:0.0} s"));
            await Task.Delay(100, cancellation);
        }

        Show("");
        await System.Console.Error.WriteLineAsync(
            FormattableString.Invariant($"{what}: the host agent did not answer within {Patience.TotalSeconds:0} s"));
        return null;
    }

    /// <summary>Progress goes to the terminal only, on one line.</summary>
    private static void Show(string text)
    {
        if (!System.Console.IsErrorRedirected)
            System.Console.Error.Write($"\r{text,-78}\r");
    }
}
