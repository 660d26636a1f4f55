using System.Text.Json;
using JustRunIt.Client.Observing;
using JustRunIt.Client.Supervision;
using JustRunIt.Events.Authority;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Store;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Hosting.Messaging.Authority;

namespace JustRunIt.Client.Hosts;

/// <summary>The host agents that answer on the bus.</summary>
public sealed class HostAgents : IAsyncDisposable
{
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(2);

    private HostAgents(Observer observer, Publisher publisher) => (Observer, Publisher) = (observer, publisher);

    /// <summary>What is said on the bus.</summary>
    public Observer Observer { get; }

    private Publisher Publisher { get; }

    /// <summary>Connects.</summary>
    public static async Task<HostAgents> ConnectAsync(CancellationToken cancellation)
    {
        var bus = await OperatorAddressAsync(Broker.FromEnvironment(), cancellation).ConfigureAwait(false);
        var observer = await Observer.ConnectAsync(bus, cancellation).ConfigureAwait(false);
        try
        {
            return new HostAgents(observer, await Publisher.ConnectAsync(bus, "console", cancellation).ConfigureAwait(false));
        }
        catch
        {
            await observer.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Where an operator finds the broker: as whoever the address says, or, where the passwords of all roles are at hand, as the user
    /// who is one.
    /// </summary>
    public static async Task<Uri> OperatorAddressAsync(Uri broker, CancellationToken cancellation)
    {
        if (!BrokerIdentity.IsChecked || CredentialFolder.FromEnvironment() is not { } credentials)
            return broker;
        var self = new Speaker(Roles.Of(Roles.Operator), null);
        if (!credentials.Knows(self))
            await RoleSetup.ApplyAsync(credentials, broker, [], cancellation).ConfigureAwait(false);
        return credentials.BrokerAddress(broker, self);
    }

    /// <summary>Asks all; those that answer in time.</summary>
    public async Task<IReadOnlyList<HostReported>> AskAsync(CancellationToken cancellation)
    {
        var question = await AskAsync(Publisher, cancellation).ConfigureAwait(false);
        await Task.Delay(AnswerPatience, cancellation).ConfigureAwait(false);
        return
        [
            .. Observer.Of<HostReported>()
                .Where(answer => answer.RequestId == question)
                .OrderBy(answer => answer.Agent, StringComparer.Ordinal),
        ];
    }

    /// <summary>Asks all; returns the question's number, which the answers have too.</summary>
    public static async Task<Guid> AskAsync(Publisher publisher, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(publisher);
        var question = new HostsAsked(Guid.NewGuid());
        var json = JsonSerializer.SerializeToUtf8Bytes(question, Wire.Json);
        await publisher.PublishAsync(
            Wire.NameOf(typeof(HostsAsked)), json, Headers(question.RequestId), cancellation).ConfigureAwait(false);
        return question.RequestId;
    }

    /// <summary>Sends a command.</summary>
    public ValueTask SendAsync(ICommand command, Guid requestId, CancellationToken cancellation) =>
        Publisher.SendAsync(command, Headers(requestId), cancellation);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await Publisher.DisposeAsync().ConfigureAwait(false);
        await Observer.DisposeAsync().ConfigureAwait(false);
    }

    private static MessageHeaders Headers(Guid id) => new(id, id, DateTimeOffset.UtcNow, null, 0);
}
