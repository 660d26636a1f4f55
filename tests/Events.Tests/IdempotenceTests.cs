using CsCheck;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using static JustRunIt.Events.Tests.Sample;

namespace JustRunIt.Events.Tests;

/// <summary>A message that was handled on a stream decides nothing there a second time (DESIGN §3).</summary>
public sealed class IdempotenceTests
{
    [Fact]
    public void Any_sequence_with_repetitions_leaves_the_stream_as_each_message_once() =>
        Gen.Int[1, 5].Array[1, 30].Sample(deliveries => Handle(deliveries).SequenceEqual(Handle(deliveries.Distinct())));

    [Fact]
    public void The_same_cause_gives_the_same_ids_and_another_cause_others()
    {
        Assert.Equal(DeterministicId.From(Cause(1).MessageId, "a"), DeterministicId.From(Cause(1).MessageId, "a"));
        Assert.NotEqual(DeterministicId.From(Cause(1).MessageId, "a"), DeterministicId.From(Cause(2).MessageId, "a"));
        Assert.NotEqual(DeterministicId.From(Cause(1).MessageId, "a"), DeterministicId.From(Cause(1).MessageId, "b"));
    }

    // RFC 9562, appendix A.4: the test vector of UUID version 5.
    [Fact]
    public void Ids_are_name_based_as_the_standard_says() => Assert.Equal(
        Guid.Parse("2ed6657d-e927-568b-95e1-2665a8aea6a2"),
        DeterministicId.From(Guid.Parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), "www.example.com"));

    private static List<string> Handle(IEnumerable<int> deliveries)
    {
        var history = History<MatrixState>.Empty.Append(Opened, null);
        var events = new List<string>();
        foreach (var number in deliveries)
        {
            var cause = Cause(number);
            foreach (var @event in history.Decide(cause, _ => [new SandboxAwaited(MatrixId, "sandbox-1", $"holder-{number}", Noon)]))
            {
                history = history.Append(@event, cause.MessageId);
                events.Add(Given.Json(@event));
            }
        }

        return events;
    }
}
