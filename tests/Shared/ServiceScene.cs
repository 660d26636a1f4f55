using System.Diagnostics;
using System.Globalization;
using System.Text;
using JasperFx;
using JasperFx.Events;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Store;
using Marten;
using Npgsql;

namespace JustRunIt.Infrastructure;

/// <summary>One service as its own process, between a database and a virtual host of its own, and everything that it says.</summary>
/// <param name="program">Name of its assembly.</param>
internal sealed class ServiceScene(string program) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly BothFixture servers = new();
    private readonly StringBuilder log = new();
    private IDocumentStore marten = null!;
    private readonly List<Process> others = [];
    private Process? process;

    /// <summary>The bus, as an outsider has it.</summary>
    public Listener Bus { get; private set; } = null!;

    /// <summary>Connections to the database.</summary>
    public NpgsqlDataSource DataSource { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await servers.InitializeAsync();
        DataSource = ServiceHost.CreateDataSource(new Connections(servers.Postgres.ConnectionString, servers.RabbitMq.Address), "test");
        marten = DocumentStore.For(options => StoreSetup.Configure(options, DataSource));
        Bus = await Listener.ConnectAsync(servers.RabbitMq.Address);
    }

    public async Task DisposeAsync()
    {
        if (process is not null)
            await StopAsync();
        foreach (var other in others)
        {
            other.Kill();
            await other.WaitForExitAsync();
            other.Dispose();
        }

        await Bus.DisposeAsync();
        marten.Dispose();
        await DataSource.DisposeAsync();
        await servers.DisposeAsync();
    }

    /// <summary>Puts events on a stream before the service runs.</summary>
    public async Task GivenAsync(string stream, params IDomainEvent[] events)
    {
        await marten.Storage.ApplyAllConfiguredChangesToDatabaseAsync(AutoCreate.CreateOrUpdate);
        await using var session = marten.LightweightSession();
        session.Events.Append(stream, [.. events]);
        await session.SaveChangesAsync();
    }

    /// <summary>Starts the service.</summary>
    public void Start(params string[] arguments) => process = Run(arguments);

    /// <summary>Starts one more instance of the service, which is killed in the end.</summary>
    public Process StartAnother(params string[] arguments)
    {
        var other = Run(arguments);
        others.Add(other);
        return other;
    }

    private Process Run(string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, $"{program}.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[Connections.PostgresVariable] = servers.Postgres.ConnectionString;
        start.Environment[Connections.RabbitMqVariable] = servers.RabbitMq.Address.ToString();
        var started = Process.Start(start)!;
        started.OutputDataReceived += Keep;
        started.ErrorDataReceived += Keep;
        started.BeginOutputReadLine();
        started.BeginErrorReadLine();
        return started;
    }

    /// <summary>Ends the service as an operator does, and expects that it ends orderly.</summary>
    public async Task StopAsync()
    {
        using var running = process!;
        process = null;
        using (var kill = Process.Start("kill", ["-TERM", running.Id.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await running.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            running.Kill(entireProcessTree: true);
        }

        Assert.True(running.ExitCode == 0, $"exit code {running.ExitCode}\n{Log()}");
    }

    /// <summary>A stream's state and version.</summary>
    public Task<Versioned<TState>> LoadAsync<TState>(string stream)
        where TState : class, IState<TState> => new EventStore(DataSource).LoadAsync<TState>(stream, CancellationToken.None);

    /// <summary>The first event of a type on a stream, waited for.</summary>
    public async Task<(TEvent Event, string? Causation)> UntilAsync<TEvent>(string stream)
        where TEvent : IDomainEvent
    {
        for (var end = DateTime.UtcNow + Patience; ; await Task.Delay(50))
        {
            var events = await EventsAsync(stream);
            if (events.FirstOrDefault(e => e.Data is TEvent) is { } found)
                return ((TEvent)found.Data, found.CausationId);
            Assert.False(process?.HasExited == true, $"{program} has ended\n{Log()}");
            Assert.True(
                DateTime.UtcNow < end,
                $"no {typeof(TEvent).Name} on {stream}, which has {string.Join(", ", events.Select(e => e.EventTypeName))}\n{Log()}");
        }
    }

    /// <summary>What is on a stream; nothing while the service has not made the tables.</summary>
    private async Task<IReadOnlyList<IEvent>> EventsAsync(string stream)
    {
        await using var session = marten.QuerySession();
        try
        {
            return await session.Events.FetchStreamAsync(stream);
        }
        catch (PostgresException e) when (IsMissing(e))
        {
            return [];
        }
    }

    private static bool IsMissing(PostgresException e) =>
        e.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName;

    /// <summary>Waits until a query gives true.</summary>
    public async Task UntilAsync(string sql)
    {
        for (var end = DateTime.UtcNow + Patience; ; await Task.Delay(50))
        {
            await using var command = DataSource.CreateCommand(sql);
            // The table may be yet to come.
            var answer = false;
            try
            {
                answer = (bool)(await command.ExecuteScalarAsync())!;
            }
            catch (PostgresException e) when (IsMissing(e))
            {
            }

            if (answer)
                return;
            Assert.True(DateTime.UtcNow < end, $"not yet: {sql}\n{Log()}");
        }
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (log)
            log.AppendLine(line.Data);
    }

    private string Log()
    {
        lock (log)
            return log.ToString();
    }
}
