using System.Text.Json;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Tests;
using Marten;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace JustRunIt.Events.Store.Tests;

/// <summary>Messages that are handled together wait for a database that does not answer, and keep their order.</summary>
public sealed class IntakeTests : IAsyncLifetime
{
    private readonly Scene scene = new();
    private readonly Answers answers = new();
    private readonly ApplicationLifetime life = new(NullLogger<ApplicationLifetime>.Instance);
    private Intake<Asking, MatrixFilled> intake = null!;

    public async Task InitializeAsync()
    {
        await scene.InitializeAsync();
        var runners = new TogetherRunners(scene.Runner, scene.Marten, scene.Store, scene.DataSource, [answers], []);
        intake = new Intake<Asking, MatrixFilled>(runners, life, NullLogger<Intake<Asking, MatrixFilled>>.Instance);
    }

    public async Task DisposeAsync()
    {
        await intake.DisposeAsync();
        await scene.DisposeAsync();
    }

    [Fact]
    public async Task What_comes_while_the_database_does_not_answer_waits_in_hand_and_is_handled_in_its_order()
    {
        answers.IsAway = true;
        var first = HandleAsync("first", 1);
        await UntilAsync(() => answers.Refused > 0);
        var later = HandleAsync("later", 2);
        await UntilAsync(() => answers.Refused > 2);
        Assert.False(first.IsCompleted || later.IsCompleted);

        answers.IsAway = false;
        await Task.WhenAll(first, later).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(["first", "later"], answers.Given.Distinct());
    }

    [Fact]
    public async Task A_process_that_stops_waits_for_no_database()
    {
        answers.IsAway = true;
        var waiting = HandleAsync("first", 1);
        await UntilAsync(() => answers.Refused > 0);
        life.StopApplication();
        await Assert.ThrowsAsync<NpgsqlException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task What_was_read_before_an_outage_is_read_anew_after_it()
    {
        var violated = Sample.Violated(source: "before", external: true);
        await scene.AppendRawAsync(
            Streams.Service("shop"), (Wire.NameOf(typeof(SlaViolated)), JsonSerializer.Serialize(violated, Wire.Json)));
        var read = new List<string>();
        var runner = new TogetherRunners(scene.Runner, scene.Marten, scene.Store, scene.DataSource, [answers], [])
            .For(new Looking(state => read.Add(state.Violations.Keys.Single())));
        await HandleAsync();
        // As a standby that has another event of the same version.
        await scene.ScalarAsync("UPDATE justrunit.mt_events SET data = jsonb_set(data, '{source}', '\"after\"')");
        await HandleAsync();
        Assert.Single(read.Distinct());
        answers.IsAway = true;
        await Assert.ThrowsAsync<NpgsqlException>(HandleAsync);
        answers.IsAway = false;
        await HandleAsync();
        Assert.Contains("after", read[^1]);

        async Task HandleAsync()
        {
            var cause = new Cause(Guid.NewGuid(), Guid.NewGuid(), DateTimeOffset.UtcNow);
            Assert.Null(Assert.Single(await runner.HandleAsync([(Scene.Ask(Guid.NewGuid()), cause)])).Failure);
        }
    }

    private Task<Decision> HandleAsync(string service, ulong order) => intake.HandleAsync(
        Scene.Ask(Guid.NewGuid()) with { Service = service }, new Cause(Guid.NewGuid(), Guid.NewGuid(), DateTimeOffset.UtcNow), order);

    private static async Task UntilAsync(Func<bool> isSo)
    {
        for (var end = DateTime.UtcNow.AddSeconds(60); !isSo(); await Task.Delay(10))
            Assert.True(DateTime.UtcNow < end);
    }

    /// <summary>Asks for a fact, and decides nothing.</summary>
    internal sealed class Asking : IDecider<MatrixFilled>
    {
        public string Name => "asking";

        public int Version => 1;

        public Decision Decide(IReading reading, MatrixFilled message, Cause cause)
        {
            reading.Fact(new PowerAsked("dc", message.Service, cause.At, cause.At));
            return Decision.Nothing(WhyNothing.NotAwaited, "nobody waits");
        }
    }

    /// <summary>Looks at a service, asks for a fact, and decides nothing.</summary>
    private sealed class Looking(Action<ServiceState> read) : IDecider<MatrixFilled>
    {
        public string Name => "looking";

        public int Version => 1;

        public Decision Decide(IReading reading, MatrixFilled message, Cause cause)
        {
            read(reading.State<ServiceState>(Streams.Service(message.Service)));
            reading.Fact(new PowerAsked("dc", message.Service, cause.At, cause.At));
            return Decision.Nothing(WhyNothing.NotAwaited, "nobody waits");
        }
    }

    private sealed class Answers : IFactSource
    {
        private readonly List<string> given = [];
        private int refused;

        public bool IsAway { get; set; }

        public int Refused => Volatile.Read(ref refused);

        public IReadOnlyList<string> Given => given;

        public Type Asked => typeof(PowerAsked);

        public Task<object?> AnswerAsync(object asked, IDocumentSession session, CancellationToken cancellation)
        {
            if (IsAway)
            {
                Interlocked.Increment(ref refused);
                throw new NpgsqlException("the database is away", new TimeoutException());
            }

            given.Add(((PowerAsked)asked).Vm);
            return Task.FromResult<object?>(null);
        }
    }
}
