using JustRunIt.Events.Authority;
using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Messaging.Connecting;

namespace JustRunIt.Hosting.Messaging.Authority;

/// <summary>
/// Who this process is to the broker, and who others are. Users are called after their role, behind what all users of an installation
/// have in common: <c>justrunit.monitor</c>, <c>justrunit.host-agent.host-1</c>.
/// </summary>
/// <param name="User">The user that it logs in as.</param>
/// <param name="Prefix">What the installation's users have in common; null where nobody's word is checked.</param>
/// <param name="Self">Its own role; null likewise.</param>
public sealed record BrokerIdentity(string User, string? Prefix, Speaker? Self)
{
    /// <summary>What the users have in common unless told otherwise.</summary>
    public const string DefaultPrefix = "justrunit.";

    private const string ByRoles = "roles";
    private const string ByNobody = "none";

    /// <summary>Whether what is said is checked against who says it.</summary>
    public static bool IsChecked => Environment.GetEnvironmentVariable(EnvironmentVariables.Authority) switch
    {
        null or "" or ByRoles => true,
        ByNobody => false,
        var other => throw new ConfigurationException(
            $"environment: {EnvironmentVariables.Authority}: '{other}'; allowed is {ByRoles} or {ByNobody}"),
    };

    /// <summary>That of a process.</summary>
    /// <param name="rabbitMq">The address that it connects to.</param>
    /// <param name="reader">Its name as a reader of queues.</param>
    /// <exception cref="ConfigurationException">The user is none of that role, and nothing says that nobody's word is checked.</exception>
    public static BrokerIdentity Of(Uri rabbitMq, string reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var (user, _) = BrokerConnections.UserOf(rabbitMq);
        if (!IsChecked)
            return new BrokerIdentity(user, null, null);
        var prefix = user.EndsWith(reader, StringComparison.Ordinal) ? user[..^reader.Length] : null;
        return prefix is not null && (prefix.Length == 0 || prefix.EndsWith('.')) && Speaker.Parse(reader) is { } self
            ? new BrokerIdentity(user, prefix, self)
            : throw new ConfigurationException(
                $"environment: {EnvironmentVariables.RabbitMq}: user '{user}' has not the role {reader}; allowed is such as "
                + $"{DefaultPrefix}{reader}, which './justrunit roles' makes, or {EnvironmentVariables.Authority}={ByNobody}, with which "
                + "whoever may use the broker may say anything");
    }

    /// <summary>Why a message of a type is not for us to act on, whatever it says; null when it may be.</summary>
    /// <param name="message">Its type.</param>
    /// <param name="user">The user who sent it, as the broker has checked it; null when it bears none.</param>
    /// <param name="returned">For whom a returner hands it back, or for whom this process lets it come again after an outage.</param>
    /// <param name="speaker">Who that is; null when nothing is checked.</param>
    public string? WhyNot(Type message, string? user, string? returned, out Speaker? speaker)
    {
        speaker = null;
        if (Prefix is null)
            return null;
        if (user is null)
            return "user_id: missing; every message must bear the user of its sender";
        speaker = SpeakerOf(user);
        // What this process itself put back has been let in before.
        if (returned is not null && (user == User || speaker?.Role.Name == Roles.Returner))
            speaker = SpeakerOf(returned);
        return speaker is null ? $"user_id: '{user}' has no role here" : speaker.WhyNever(message);
    }

    /// <summary>Why a message that may be said is not said to us; null when it is.</summary>
    public string? WhyNotHere(object message) => (Self, message) switch
    {
        ({ Name: { } name }, IAgentCommand { Agent: var agent }) when agent != name => $"agent: '{agent}'; this is {name}",
        ({ Name: { } name }, INodeCommand { ProxyNode: var node }) when node != name => $"proxyNode: '{node}'; this is {name}",
        _ => null,
    };

    private Speaker? SpeakerOf(string user) =>
        user.StartsWith(Prefix!, StringComparison.Ordinal) ? Speaker.Parse(user[Prefix!.Length..]) : null;
}
