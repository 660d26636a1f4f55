using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.Console.Hosts;

/// <summary><c>justrunit clone NAME</c>: clones an on-line virtual machine by hand.</summary>
internal static class CloneCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan KeptLease = TimeSpan.FromHours(24);

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = "the on-line virtual machine; './justrunit hosts' lists them" };
        var cpu = new Option<string?>("--cpu") { Description = "cap of the clone, as 60% of a core (default: the original's)", HelpName = "SHARE" };
        var next = new Option<string?>("--next") { Description = "the clone's out-proxy (default: none, it reaches nothing)", HelpName = "HOST:PORT" };
        var keep = new Option<bool>("--keep") { Description = "leave the clone running for a day; otherwise it is destroyed at once" };
        var command = new Command("clone", "clone an on-line virtual machine by hand; tells the pause and the time at the end") { name, cpu, next, keep };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(name)!, parsed.GetValue(cpu), parsed.GetValue(next), parsed.GetValue(keep), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string name, string? cpu, string? next, bool keep, CancellationToken cancellation)
    {
        CpuShare? share = cpu is null ? null
            : double.TryParse(cpu.TrimEnd('%').Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var percent) && percent is >= 1 and <= 409600
                ? CpuShare.FromPercent(percent)
                : throw new ConfigurationException($"command line: --cpu: '{cpu}'; allowed is a percentage from 1 %");
        await using var agents = await HostAgents.ConnectAsync(cancellation);
        var answers = await agents.AskAsync(cancellation);
        var host = answers.FirstOrDefault(answer => answer.Vms.Any(vm => vm.Name == name && vm.CloneOf is null));
        if (host is null)
        {
            var known = answers.SelectMany(answer => answer.Vms).Where(vm => vm.CloneOf is null).Select(vm => vm.Name).ToList();
            throw new ConfigurationException($"command line: clone: '{name}'; allowed is {(known.Count == 0 ? "nothing: no virtual machine runs" : string.Join(" or ", known))}");
        }

        var sandbox = host.Machines.FirstOrDefault(machine => machine.Role == MachineRole.Sandbox)
            ?? throw new ConfigurationException($"agent {host.Agent} has no machine with the role sandbox");
        var request = Guid.NewGuid();
        var clone = $"{name}-by-hand-{request.ToString("N")[..6]}";
        await agents.SendAsync(
            new CloneVm("by hand", request, host.Agent, name, clone, sandbox.Name, next, DateTimeOffset.UtcNow + (keep ? KeptLease : Patience)), request, cancellation);
        var begin = Stopwatch.StartNew();
        var made = await WaitAsync(
            () => agents.Observer.Of<VmCloned>().FirstOrDefault(answer => answer.RequestId == request),
            () => agents.Observer.Of<VmCloneFailed>().FirstOrDefault(answer => answer.RequestId == request)?.Reason,
            $"cloning {name} to {sandbox.Name}",
            begin,
            cancellation);
        if (made is null)
            return 1;
        System.Console.WriteLine(FormattableString.Invariant(
            $"{clone} answers at {made.Endpoint}: {(made.Cold ? "started cold" : "cloned live")} by the {made.Hypervisor} back end in {made.CloneTime.TotalMilliseconds:0} ms; the original stood still for {made.Pause.TotalMilliseconds:0} ms; {made.BytesCopied / 1e6:0.0} MB moved"));
        var refused = false;
        if (share is { } cap)
        {
            var allocation = Guid.NewGuid();
            await agents.SendAsync(new SetAllocation("by hand", allocation, host.Agent, clone, cap, null), allocation, cancellation);
            var set = await WaitAsync(
                () => agents.Observer.Of<AllocationSet>().FirstOrDefault(answer => answer.RequestId == allocation),
                () => agents.Observer.Of<AllocationRefused>().FirstOrDefault(answer => answer.RequestId == allocation)?.Reason,
                "setting its allocation",
                begin,
                cancellation);
            refused = set is null;
            if (set is not null)
                System.Console.WriteLine($"its cap is {set.Cpu} of a core");
        }

        if (keep)
            System.Console.WriteLine("it is destroyed in 24 hours, or when its host agent starts anew");
        else
            await agents.SendAsync(new DestroyClone("by hand", Guid.NewGuid(), host.Agent, clone), Guid.NewGuid(), cancellation);
        return refused ? 1 : 0;
    }

    /// <summary>Waits for an answer, showing that it does; prints the reason of a refusal and returns null.</summary>
    private static async Task<T?> WaitAsync<T>(Func<T?> answer, Func<string?> refusal, string what, Stopwatch begin, CancellationToken cancellation)
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
        await System.Console.Error.WriteLineAsync(FormattableString.Invariant($"{what}: the host agent did not answer within {Patience.TotalSeconds:0} s"));
        return null;
    }

    /// <summary>Progress goes to the terminal only, on one line.</summary>
    private static void Show(string text)
    {
        if (!System.Console.IsErrorRedirected)
            System.Console.Error.Write($"\r{text,-78}\r");
    }
}
