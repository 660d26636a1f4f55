using JustRunIt.Events.Authority;
using JustRunIt.Hosting.Messaging.Authority;
using JustRunIt.Infrastructure;

namespace JustRunIt.Hosting.Tests.Messaging;

/// <summary>A virtual host in which every role has a user with the permissions that follow from the table, and no more.</summary>
public sealed class RoleBroker : IAsyncLifetime
{
    private readonly RabbitMqFixture broker = new();
    private readonly CredentialFolder credentials = new(Folder());

    /// <summary>Two of each role that has names, so that one can try what is the other's.</summary>
    public static IReadOnlyList<Speaker> Speakers { get; } =
    [
        .. Roles.All.SelectMany(role => role.IsNamed
            ? new[] { new Speaker(role, "one"), new Speaker(role, "two") }
            : [new Speaker(role, null)]),
    ];

    /// <summary>As whoever administers it.</summary>
    public Uri Administrator => broker.Address;

    public async Task InitializeAsync()
    {
        await broker.InitializeAsync();
        var definitions = BrokerDefinitions.Of(
            broker.VirtualHost, BrokerIdentity.DefaultPrefix, credentials.BrokerPasswords(Speakers));
        await broker.Server.ImportAsync(definitions.ToJsonString());
    }

    public Task DisposeAsync() => broker.DisposeAsync();

    /// <summary>As somebody.</summary>
    public Uri As(Speaker speaker) => credentials.BrokerAddress(Administrator, speaker);

    /// <summary>As somebody.</summary>
    public Uri As(string role, string? name = null) => As(new Speaker(Roles.Of(role), name));

    /// <summary>The name of somebody's user.</summary>
    public static string UserOf(Speaker speaker) => BrokerIdentity.DefaultPrefix + speaker;

    /// <summary>Those of the working copy: users are the broker's, whatever the virtual host, and keep their passwords.</summary>
    private static string Folder()
    {
        if (Environment.GetEnvironmentVariable(EnvironmentVariables.Credentials) is { Length: > 0 } given)
            return given;
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "JustRunIt.Events.sln")))
            folder = folder.Parent;
        return Path.Combine(folder.FullName, ".justrunit", "credentials");
    }
}
