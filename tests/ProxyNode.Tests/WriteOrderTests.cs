using CsCheck;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>The order of a database's writes at a clone (decision 0011), whatever sessions say and whatever comes first.</summary>
public sealed class WriteOrderTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_write_goes_when_all_that_are_known_to_have_been_completed_before_it_are_done(bool withLosses) => Check(withLosses, run =>
    {
        foreach (var write in run.All.Where(one => one is { KeepsItsPlace: true, LetGoIn: < Interleaving.Never }))
        {
            Assert.True(write.ToldIn <= write.LetGoIn, $"{write}");
            foreach (var before in run.All.Where(one => one.HasPlace && one.Completion < write.Completion && one.ToldIn < write.LetGoIn))
                Assert.True(before.DoneIn <= write.LetGoIn, $"{before}\n{write}");
        }
    });

    [Fact]
    public Task Writes_go_in_the_order_of_their_completion_where_it_is_told_in_order() => Check(
        Interleaving.Any.Select(any => (any.Sessions
            .Select(session => session.Select(said => said with { Late = 0, AnswersEarly = false }).ToArray())
            .ToArray(), any.Choices)),
        withLosses: false,
        run =>
        {
            var writes = run.All.Where(one => one.KeepsItsPlace).OrderBy(one => one.ToldIn).ToList();
            Assert.Equal(writes.OrderBy(one => one.Completion), writes);
            Assert.Equal(writes, writes.OrderBy(one => one.LetGoIn));
        });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_read_the_end_of_a_transaction_and_what_was_given_up_go_after_all_that_was_completed_before_they_came(
        bool withLosses) => Check(withLosses, run =>
    {
        foreach (var one in run.All.Where(one => one is { KeepsItsPlace: false, LetGoIn: < Interleaving.Never }))
        {
            foreach (var before in run.All.Where(other => other.HasPlace && other.Completion < one.Arrival))
                Assert.True(before.DoneIn <= one.LetGoIn, $"{before}\n{one}");
        }
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Whoever_waits_waits_for_something_that_comes_before(bool withLosses) => Check(withLosses, _ => { }, run =>
    {
        var open = run.All.Where(one => one.HasPlace && one.ToldIn <= run.Now && one.DoneIn == Interleaving.Never).ToList();
        foreach (var one in run.All.Where(one => one is { AskedIn: < Interleaving.Never, LetGoIn: Interleaving.Never }))
        {
            var isInItsPlace = one.KeepsItsPlace || (one.IsGivenUp && one.ToldIn == Interleaving.Never);
            Assert.True(
                isInItsPlace
                    ? one.ToldIn == Interleaving.Never || open.Exists(other => other != one && other.Completion <= one.Completion)
                    : open.Exists(other => other.Completion < one.Arrival),
                $"{one} waits for nothing");
        }
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Nobody_waits_for_ever(bool withLosses) => Check(withLosses, run =>
    {
        Assert.All(run.All, one => Assert.True(one.DoneIn < Interleaving.Never, $"{one}"));
        Assert.All(run.All.Where(one => one.AskedIn < Interleaving.Never), one => Assert.True(one.LetGoIn <= one.DoneIn, $"{one}"));
    });

    private static Task Check(bool withLosses, Action<Interleaving> afterwards, Action<Interleaving>? afterStep = null) =>
        Check(Interleaving.Any, withLosses, afterwards, afterStep);

    private static Task Check(
        Gen<(Interleaving.Said[][] Sessions, int[] Choices)> gen, bool withLosses, Action<Interleaving> afterwards,
        Action<Interleaving>? afterStep =
            null) =>
        gen.SampleAsync(
            async any =>
            {
                await using var run = Interleaving.Run(any, withLosses, afterStep);
                afterwards(run);
            },
            iter: 300);
}
