using CsCheck;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>The record finds what a plain list of all that is held would, whatever came, was asked for and was let go before.</summary>
public sealed class RecordPropertyTests
{
    private const int ReplyLength = 40;

    // Few keys: some with many exchanges. Arrivals nearly in order. Some replies so large that they have memory of their own.
    private static readonly Gen<(bool IsAsked, int Key, int Arrival, int Lag, int Oldest, int Length)[]> Deeds =
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 3], Gen.Int[-40, 40], Gen.Int[0, 200], Gen.Int[0, 600], Gen.Int[0, 99])
            .Select((deed, key, offset, lag, oldest, length) =>
                (deed == 0, key, offset, lag, oldest, length == 0 ? 70_000 : length % 5 == 0 ? 0 : ReplyLength))
            .Array[1, 700]
            .Select(deeds => deeds.Select((deed, i) => deed with { Item3 = Math.Max(0, i + deed.Item3) }).ToArray());

    [Fact]
    public void A_record_answers_as_a_list_of_what_it_holds_would()
    {
        Deeds.Sample(deeds =>
        {
            var record = new Recording.Record(1 << 20, TimeProvider.System);
            var model = new Model();
            var number = 0;
            foreach (var (isAsked, key, arrival, lag, oldest, length) in deeds)
            {
                if (isAsked)
                {
                    var (reply, kind) = record.Find(Keys(key), arrival, lag);
                    var expected = model.Find(key, arrival, lag);
                    Assert.Equal(expected is null ? MatchKind.Missing : MatchKind.Exact, kind);
                    Assert.Equal(expected?.Arrival, reply?.Arrival);
                    Assert.Equal(expected?.Reply, reply?.Reply);
                }
                else
                {
                    var bytes = Enumerable.Repeat((byte)number++, length).ToArray();
                    record.Add(Keys(key), bytes, closes: false, arrival, arrival + 1, arrival - oldest);
                    model.Add(key, bytes, arrival, arrival - oldest);
                    Assert.Equal(model.Count, record.Count);
                }
            }
        });
    }

    [Fact]
    public void What_came_after_the_last_one_on_its_connection_answers_before_what_came_first()
    {
        var record = new Recording.Record(1 << 20, TimeProvider.System);
        var a = Add(key: 1, reply: 10, arrival: 100, null);
        var b = Add(key: 1, reply: 20, arrival: 110, null);
        Add(key: 2, reply: 21, arrival: 120, b);
        Add(key: 2, reply: 11, arrival: 130, a);
        var first = record.Find(Keys(1), 150, lag: 100).Reply!;
        Assert.Equal([10], first.Reply);
        Assert.Equal([11], record.Find(Keys(2), 150, lag: 100, first.Place).Reply!.Reply);
        // It was used, and what is left is the other connection's.
        Assert.Equal([21], record.Find(Keys(2), 150, lag: 100, first.Place).Reply!.Reply);

        RecordPlace Add(int key, byte reply, long arrival, RecordPlace? previous) =>
            record.Add(Keys(key), [reply], closes: false, arrival, arrival + 1, oldest: 0, previous);
    }

    [Fact]
    public void What_comes_after_on_a_connection_but_not_yet_and_what_is_gone_answers_nobody()
    {
        var record = new Recording.Record(1 << 20, TimeProvider.System);
        var a = record.Add(Keys(1), [10], closes: false, 100, 101, oldest: 0);
        record.Add(Keys(2), [20], closes: false, 120, 121, oldest: 0);
        record.Add(Keys(2), [11], closes: false, 500, 501, oldest: 0, a);
        Assert.Equal([20], record.Find(Keys(2), 150, lag: 100, a).Reply!.Reply);
        // The place's object is another exchange's from now on.
        record.Add(Keys(3), [30], closes: false, 600, 601, oldest: 550);
        record.Add(Keys(1), [40], closes: false, 610, 611, oldest: 550);
        Assert.Null(a.Held);
        Assert.Equal([40], record.Find(Keys(1), 620, lag: 100, a).Reply!.Reply);
        record.Clear();
        Assert.Equal(MatchKind.Missing, record.Find(Keys(1), 620, lag: 100, a).Kind);
    }

    private static RequestKeys Keys(int key) => new((UInt128)key, (UInt128)key, (UInt128)(key + 100));

    /// <summary>The rules of <see cref="Recording.Record.Find"/>, read by whoever is not in a hurry.</summary>
    private sealed class Model
    {
        private const int Limit = 1 << 20;
        private const int Overhead = 600;

        private readonly List<Held> held = [];

        public int Count => held.Count;

        public void Add(int key, byte[] reply, long arrival, long oldest)
        {
            held.Add(new Held(key, reply, arrival));
            while (held.Count > 1 && (held.Sum(one => one.Reply.Length + Overhead) > Limit || held[0].Arrival < oldest))
                held.RemoveAt(0);
        }

        public Held? Find(int key, long arrival, long lag)
        {
            // Stable: those of one arrival as they came.
            var all = held.Where(one => one.Key == key).OrderBy(one => one.Arrival).ToList();
            var unused = all.Where(one => !one.IsUsed).ToList();
            var found = (lag > 0 ? unused.Find(one => one.Arrival > arrival - lag && one.Arrival <= arrival) : null)
                ?? Nearest(unused, arrival) ?? Nearest(all, arrival);
            if (found is not null)
                found.IsUsed = true;
            return found;
        }

        private static Held? Nearest(List<Held> some, long arrival)
        {
            var before = some.LastOrDefault(one => one.Arrival <= arrival);
            var after = some.Find(one => one.Arrival > arrival);
            return before is null ? after
                : after is null || arrival - before.Arrival <= after.Arrival - arrival ? before
                : after;
        }
    }

    private sealed record Held(int Key, byte[] Reply, long Arrival)
    {
        public bool IsUsed { get; set; }
    }
}
