using JustRunIt.Events.Store.Relaying;

namespace JustRunIt.Events.Store.Tests;

/// <summary>What the broker has not answered for holds up nothing until it is much.</summary>
public sealed class UnconfirmedPagesTests
{
    private readonly UnconfirmedPages pages = new(0);
    private readonly List<ParkedMessage> parked = [];

    [Fact]
    public async Task Many_pages_of_few_events_are_not_waited_for()
    {
        for (var page = 1; page <= 1000; page++)
            pages.Add(page, 1, Never.Task);
        var advancing = AdvanceAsync();
        Assert.True(advancing.IsCompleted);
        Assert.False(await advancing);
        Assert.Equal(0, pages.Position);
    }

    [Fact]
    public async Task A_broker_that_lags_behind_by_many_events_is_waited_for()
    {
        var first = new TaskCompletionSource<ParkedMessage[]>();
        pages.Add(500, EventReader.PageSize, first.Task);
        for (var page = 2; page <= 17; page++)
            pages.Add(page * 500, EventReader.PageSize, Never.Task);
        var advancing = AdvanceAsync();
        Assert.False(advancing.IsCompleted);
        first.SetResult([]);
        Assert.True(await advancing);
        Assert.Equal(500, pages.Position);
        Assert.False(pages.IsEmpty);
    }

    [Fact]
    public async Task What_the_broker_does_not_take_is_parked_before_it_is_passed()
    {
        var refused = new ParkedMessage(Guid.NewGuid(), 2, "x", "s", 1, null, ParkReason.Refused, "p");
        pages.Add(2, 2, Task.FromResult<ParkedMessage[]>([refused]));
        pages.Add(3, 1, Never.Task);
        Assert.True(await AdvanceAsync());
        Assert.Equal([refused], parked);
        Assert.Equal(2, pages.Position);
    }

    private static TaskCompletionSource<ParkedMessage[]> Never { get; } = new();

    private Task<bool> AdvanceAsync() => pages.AdvanceAsync(
        (message, _) =>
        {
            parked.Add(message);
            return Task.CompletedTask;
        },
        CancellationToken.None);
}
