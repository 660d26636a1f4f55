using System.CommandLine;
using JustRunIt.Client.CommandLine;
using JustRunIt.Client.Supervision;
using JustRunIt.Events.Store;
using JustRunIt.Hosting.Messaging.Authority;

namespace JustRunIt.Console;

/// <summary><c>justrunit up</c>: every process of the system on this machine, until it is told to end.</summary>
internal static class UpCommand
{
    private const string Monitor = "Services.Monitor";
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(250);

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var services = Required("--services", "the services under management, their SLAs and what to explore");
        var agent = Required("--agent", "the machines of this host agent");
        var proxies = Required("--proxies", "the proxies of this node");
        var command = new ExampleCommand(
            "up",
            "start the host agent, the proxies and the five services on this machine; ends with Ctrl-C or './justrunit down'",
            "./justrunit up --services services.yaml --agent host-agent.yaml --proxies proxy-node.yaml")
        {
            services,
            agent,
            proxies,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            [
                ("HostAgent", parsed.GetValue(agent)!.FullName),
                ("ProxyNode", parsed.GetValue(proxies)!.FullName),
                (Monitor, parsed.GetValue(services)!.FullName),
            ],
            cancellation));
        return command;
    }

    private static Option<FileInfo> Required(string name, string what) =>
        new(name) { Description = $"configuration file: {what} (docs/configuration.md)", HelpName = "FILE", Required = true };

    private static async Task<int> RunAsync(IReadOnlyList<(string Project, string File)> configured, CancellationToken cancellation)
    {
        var credentials = BrokerIdentity.IsChecked ? CredentialFolder.FromEnvironment() : null;
        await using var fleet = new Fleet(Connections.FromEnvironment(), Path.Combine(Programs.LocalFolder, "up"), credentials);
        var complaints = await Task.WhenAll(configured.Select(entry => Fleet.CheckAsync(entry.Project, entry.File, cancellation)));
        if (complaints.Any(complaint => complaint is not null))
        {
            foreach (var complaint in complaints.OfType<string>())
                await System.Console.Error.WriteLineAsync(complaint);
            return CommandProgram.BadInput;
        }

        await fleet.PrepareAsync(
            configured.Where(entry => entry.Project != Monitor).Select(entry => Fleet.SpeakerOf(entry.Project, entry.File)), cancellation);
        foreach (var (project, file) in configured)
            fleet.Start(project, "--config", file);
        foreach (var service in Fleet.Services.Except([Monitor]))
            fleet.Start(service);
        foreach (var process in fleet.Running)
            System.Console.WriteLine($"{process.Name}: process {process.Id}, log {process.LogFile}");
        try
        {
            while (fleet.FirstFailed() is null)
                await Task.Delay(BetweenLooks, cancellation);
        }
        catch (OperationCanceledException)
        {
            return 0;
        }

        var failed = fleet.FirstFailed()!;
        await System.Console.Error.WriteLineAsync($"{failed.Name}: {failed.LastWords(1)}");
        return failed.ExitCode is 0 ? CommandProgram.Failed : failed.ExitCode;
    }
}
