using JustRunIt.Events.Deciding;
using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Store.Tests;

/// <summary>What a process keeps of what it has folded has a bound.</summary>
public sealed class ManyRecentStatesTests
{
    [Fact]
    public void Of_many_states_those_that_were_not_asked_for_longest_are_forgotten()
    {
        var states = new RecentStates();
        Keep("asked for");
        for (var i = 0; i < 10_000; i++)
        {
            Keep($"{i}");
            Assert.NotNull(states.Find<ServiceState>("asked for"));
        }

        Assert.NotNull(states.Find<ServiceState>("9999"));
        Assert.Null(states.Find<ServiceState>("0"));
        Assert.InRange(Enumerable.Range(0, 10_000).Count(i => states.Find<ServiceState>($"{i}") is not null), 1, 2_000);

        void Keep(string stream) => states.Keep(
            stream, new RecentStates.Recent<ServiceState>(new Versioned<ServiceState>(ServiceState.Initial, 1), Guid.NewGuid(), 0));
    }
}
