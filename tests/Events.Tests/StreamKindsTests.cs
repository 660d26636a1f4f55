using JustRunIt.Events.Authority;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Tests;

/// <summary>On which streams an event may stand.</summary>
public sealed class StreamKindsTests
{
    [Fact]
    public void Streams_are_called_after_their_kinds_and_no_kind_is_the_begin_of_another()
    {
        (string Kind, string Stream)[] all =
        [
            (StreamKinds.Service, Streams.Service("shop")),
            (StreamKinds.Explorations, Streams.Explorations("shop")),
            (StreamKinds.Matrix, Streams.Matrix(Guid.Parse("11111111-1111-1111-1111-111111111111"))),
            (StreamKinds.Sandbox, Streams.Sandbox("dc", "sandbox-1")),
            (StreamKinds.DataCenter, Streams.DataCenter("dc")),
            (StreamKinds.Policy, Streams.Policy("dc")),
            (StreamKinds.Seal, Streams.Seal("log")),
        ];
        foreach (var (kind, stream) in all)
            Assert.Equal(kind, Assert.Single(all, other => stream.StartsWith(other.Kind, StringComparison.Ordinal)).Kind);
        Assert.Equal(
            all.Select(kind => kind.Kind).Order(StringComparer.Ordinal),
            Roles.OfServices.SelectMany(role => role.Appends).Select(StreamKinds.Of).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_event_that_somebody_appends_has_a_kind_of_stream_and_what_is_no_event_has_none()
    {
        foreach (var entry in Catalog.Entries)
        {
            if (entry.Message.IsAssignableTo(typeof(IDomainEvent)))
                Assert.EndsWith("-", StreamKinds.Of(entry.Message));
            else
                Assert.Throws<ArgumentException>(() => StreamKinds.Of(entry.Message));
        }
    }
}
