using System.Text.Json.Nodes;
using JustRunIt.Events.Authority;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Messaging.Authority;
using JustRunIt.Hosting.Messaging.Connecting;

namespace JustRunIt.Client.Supervision;

/// <summary>Gives the users of all roles their permissions on a broker of ours, and makes what they need.</summary>
public static class RoleSetup
{
    /// <summary>Environment variable of the command that administers the broker; not set where it is not ours.</summary>
    public const string ControlVariable = "JUSTRUNIT_RABBITMQCTL";

    /// <summary>Those without names, and the named ones that are given.</summary>
    public static IEnumerable<Speaker> Everybody(IEnumerable<Speaker> named) =>
        Roles.All.Where(role => !role.IsNamed).Select(role => new Speaker(role, null)).Concat(named);

    /// <summary>What the broker at an address must have; passwords that are missing are made.</summary>
    public static JsonObject Definitions(CredentialFolder credentials, Uri broker, IEnumerable<Speaker> named)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        return BrokerDefinitions.Of(
            BrokerConnections.VirtualHostOf(broker), BrokerIdentity.DefaultPrefix, credentials.BrokerPasswords(Everybody(named)));
    }

    /// <summary>Hands it to the broker by its own command-line tool, where there is one.</summary>
    /// <exception cref="ConfigurationException">The tool failed; its words are in the message.</exception>
    public static async Task ApplyAsync(
        CredentialFolder credentials, Uri broker, IEnumerable<Speaker> named, CancellationToken cancellation)
    {
        if (Environment.GetEnvironmentVariable(ControlVariable) is not { Length: > 0 } control)
            return; // Whoever administers the broker has done it: './justrunit roles'.
        var definitions = Definitions(credentials, broker, named).ToJsonString();
        if (await DefinitionsImport.TryAsync(control, definitions, cancellation).ConfigureAwait(false) is { } problem)
            throw new ConfigurationException($"the broker does not take its users: {problem}");
    }
}
