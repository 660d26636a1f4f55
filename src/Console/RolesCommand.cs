using System.CommandLine;
using System.Text.Json;
using JustRunIt.Client.CommandLine;
using JustRunIt.Client.Supervision;
using JustRunIt.Events;
using JustRunIt.Events.Authority;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Hosting.Messaging.Authority;

namespace JustRunIt.Console;

/// <summary>
/// <c>justrunit roles</c>: gives each role its user of the broker, with a password of its own and the permissions that follow from the
/// table; on a broker that is not ours, prints what its administrator imports.
/// </summary>
internal static class RolesCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var agents = Names("--agent", "names of host agents, with commas between them");
        var nodes = Names("--node", "names of proxy nodes, likewise");
        var monitors = Names("--outside-monitor", "names of monitors that are not part of the system");
        var placements = Names("--outside-placement", "names of placement systems that are not part of it");
        var print = new Option<bool>("--print")
        {
            Description = "only print the definitions, for 'rabbitmqctl import_definitions' or the management interface",
        };
        var command = new ExampleCommand(
            "roles",
            "give each role its user of the broker and its permissions (docs/roles.md)",
            "./justrunit roles --agent host-1,host-2 --node front --outside-monitor probe")
        {
            agents,
            nodes,
            monitors,
            placements,
            print,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            [
                .. Speakers(Catalog.HostAgent, parsed.GetValue(agents)),
                .. Speakers(Catalog.ProxyNode, parsed.GetValue(nodes)),
                .. Speakers(Roles.OutsideMonitor, parsed.GetValue(monitors)),
                .. Speakers(Roles.OutsidePlacement, parsed.GetValue(placements)),
            ],
            parsed.GetValue(print),
            cancellation));
        return command;
    }

    private static Option<string?> Names(string name, string what) => new(name) { Description = what, HelpName = "NAMES" };

    private static IEnumerable<Speaker> Speakers(string role, string? names) =>
        (names ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(name => new Speaker(Roles.Of(role), name));

    private static async Task<int> RunAsync(IReadOnlyList<Speaker> named, bool print, CancellationToken cancellation)
    {
        var credentials = CredentialFolder.FromEnvironment() ?? throw new ConfigurationException(
            $"environment: {Hosting.EnvironmentVariables.Credentials} is not set; it must be the folder that passwords are kept in");
        var broker = Broker.FromEnvironment();
        if (print)
        {
            System.Console.WriteLine(RoleSetup.Definitions(credentials, broker, named).ToJsonString(Indented));
            return 0;
        }

        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(RoleSetup.ControlVariable)))
        {
            throw new ConfigurationException(
                $"environment: {RoleSetup.ControlVariable} is not set: the broker is not ours; --print has what its administrator imports");
        }

        await RoleSetup.ApplyAsync(credentials, broker, named, cancellation);
        foreach (var speaker in RoleSetup.Everybody(named))
            System.Console.WriteLine(BrokerIdentity.DefaultPrefix + speaker);
        return 0;
    }
}
