using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Infrastructure;
using RabbitMQ.Client;

namespace JustRunIt.Events.Store.Tests;

/// <summary>Deciders behind queues: every message is handled once, whatever happens on the way.</summary>
public sealed class ConsumerTests : OnBus
{
    [Fact]
    public async Task Two_messages_that_decide_at_once_on_one_stream_are_both_handled_once()
    {
        var matrix = Guid.NewGuid();
        await Scene.AppendAsync(matrix, 1);
        using var host = await Scene.StartAsync(consumers => consumers.Decide<CloneFailed, Contended>(atOnce: 2));
        var (one, other) = (Guid.NewGuid(), Guid.NewGuid());
        await PublishAsync(new CloneFailed(matrix, "clone", "meet"), one);
        await PublishAsync(new CloneFailed(matrix, "clone", "meet"), other);
        await Scene.UntilAsync(seen => seen.Count(message => message.Causation is not null) >= 3, "both led to an event");
        await PublishAsync(new CloneFailed(matrix, "clone", "once more"), one);
        var last = Guid.NewGuid();
        await PublishAsync(new CloneFailed(matrix, "clone", "last"), last);
        await Scene.UntilAsync(seen => seen.Any(message => message.Causation == last.ToString()), "the last one is handled");
        Assert.Equal(
            new[] { one, other, last }.Select(id => id.ToString()).Order(),
            Scene.Seen.Skip(1).Select(message => message.Causation).Order());
        Assert.Equal(3, Contended.Calls(matrix));
        await host.StopAsync();
    }

    [Fact]
    public async Task A_message_that_is_refused_goes_to_the_error_queue_with_the_reason_and_leaves_nothing()
    {
        using var host = await Scene.StartAsync(consumers => consumers.Decide<CloneFailed, Contended>());
        await PublishAsync(new CloneFailed(Guid.NewGuid(), "clone", "refuse"), Guid.NewGuid());
        await using var bus = await Listener.ConnectAsync(Scene.Connections.RabbitMq);
        var error = await bus.ErrorAsync<CloneFailed>(Catalog.Experimenter);
        var said = Encoding.UTF8.GetString((byte[])error.BasicProperties.Headers!["MT-Fault-Message"]!);
        Assert.Contains("reason: 'refuse'; allowed is anything else", said);
        Assert.Equal(0, await Scene.CountAsync("SELECT count(*) FROM justrunit.mt_events"));
        Assert.Equal(0, await Scene.CountAsync("SELECT count(*) FROM justrunit.handled"));
        await host.StopAsync();
    }

    private ValueTask PublishAsync(CloneFailed message, Guid id) => Channel.BasicPublishAsync(
        Names.Exchange(typeof(CloneFailed)),
        "",
        mandatory: false,
        new BasicProperties { ContentType = "application/json", MessageId = id.ToString() },
        JsonSerializer.SerializeToUtf8Bytes(message, Wire.Json));

    /// <summary>Lets the first two that speak of a matrix read the same version.</summary>
    private sealed class Contended : IDecider<CloneFailed>
    {
        private static readonly ConcurrentDictionary<Guid, (Barrier Both, StrongBox Decided)> Meetings = new();

        public string Name => "contended";

        public int Version => 1;

        /// <summary>How often the loser and the winners came to a decision, but for the first meeting's one.</summary>
        public static int Calls(Guid matrix) => Meetings[matrix].Decided.Count - 1;

        public Decision Decide(IReading reading, CloneFailed message, Cause cause)
        {
            if (message.Reason == "refuse")
                return Decision.Refuse("reason: 'refuse'; allowed is anything else");
            var stream = Streams.Matrix(message.MatrixId);
            reading.State<MatrixState>(stream);
            var meeting = Meetings.GetOrAdd(message.MatrixId, _ => (new Barrier(2), new StrongBox()));
            if (Interlocked.Increment(ref meeting.Decided.Count) <= 2)
                Assert.True(meeting.Both.SignalAndWait(TimeSpan.FromMinutes(1)), "the other has read");
            return Decision.On(stream, Scene.Event(message.MatrixId));
        }

        private sealed class StrongBox
        {
            public int Count;
        }
    }
}
