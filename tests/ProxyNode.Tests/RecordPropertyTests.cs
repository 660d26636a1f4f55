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
            .Select((deed, key, offset, lag, oldest, length) => (deed == 0, key, offset, lag, oldest, length == 0 ? 70_000 : length % 5 == 0 ? 0 : ReplyLength))
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
