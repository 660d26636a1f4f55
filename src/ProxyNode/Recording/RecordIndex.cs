using System.Numerics;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// Recorded exchanges by key, those of a key by arrival. A look-up takes a time that hardly grows with how many share the key: a
/// service that asks its next tier always the same has one key with everything under it.
/// </summary>
internal sealed class RecordIndex
{
    private readonly Dictionary<UInt128, Entries> byKey = [];
    private readonly Stack<Entries> spare = new();

    /// <summary>Adds an exchange.</summary>
    public void Add(UInt128 key, RecordedExchange exchange)
    {
        if (!byKey.TryGetValue(key, out var entries))
            byKey.Add(key, entries = spare.TryPop(out var again) ? again : new Entries());
        entries.Add(exchange);
    }

    /// <summary>Removes an exchange.</summary>
    public void Remove(UInt128 key, RecordedExchange exchange)
    {
        if (!byKey.TryGetValue(key, out var entries) || !entries.Remove(exchange))
            return;
        byKey.Remove(key);
        if (entries.Reset())
            spare.Push(entries);
    }

    /// <summary>An exchange has answered a request.</summary>
    public void Use(UInt128 key, RecordedExchange exchange)
    {
        if (byKey.TryGetValue(key, out var entries))
            entries.Use(exchange);
    }

    /// <summary>Whether an exchange is here and has answered no request.</summary>
    public bool IsUnused(UInt128 key, RecordedExchange exchange) => byKey.TryGetValue(key, out var entries) && entries.IsUnused(exchange);

    /// <summary>
    /// The first unused exchange that arrived within a time before; else the one whose arrival is nearest, of those that are
    /// unused if there are any; null without any.
    /// </summary>
    /// <param name="key">Of the exchange.</param>
    /// <param name="arrival">When it should have arrived.</param>
    /// <param name="lag">How much earlier it may have arrived and still come first.</param>
    public RecordedExchange? Nearest(UInt128 key, long arrival, long lag = 0) =>
        byKey.TryGetValue(key, out var entries)
            ? (lag > 0 ? entries.FirstUnused(arrival - lag, arrival) : null) ?? entries.NearestUnused(arrival) ?? entries.Nearest(arrival)
            : null;

    /// <summary>Lets go of everything.</summary>
    public void Clear()
    {
        byKey.Clear();
        spare.Clear();
    }

    private static RecordedExchange? Nearer(RecordedExchange? before, RecordedExchange? after, long arrival) =>
        before is null ? after
        : after is null || arrival - before.Arrival <= after.Arrival - arrival ? before
        : after;

    /// <summary>
    /// Exchanges of one key by arrival: in an array, since they come nearly in order and go from its front, with a bit each for
    /// those that were not used yet, so that 64 used ones are passed over at a time.
    /// </summary>
    private sealed class Entries
    {
        private const int WordBits = 64;
        private const int MostSpare = 1024;

        private RecordedExchange?[] all = new RecordedExchange?[1];
        private ulong[] unused = new ulong[1];
        private int first;
        private int end;

        public void Add(RecordedExchange exchange)
        {
            if (end == all.Length)
            {
                Array.Resize(ref all, end * 2);
                Array.Resize(ref unused, ((end * 2) + WordBits - 1) / WordBits);
            }

            var place = PlaceOf(exchange);
            Array.Copy(all, place, all, place + 1, end - place);
            all[place] = exchange;
            end++;
            InsertBit(place);
        }

        /// <summary>Removes one; true when it was the last.</summary>
        public bool Remove(RecordedExchange exchange)
        {
            var place = PlaceOf(exchange);
            if (place == end || all[place] != exchange)
                return first == end;
            if (place == first)
            {
                unused[first / WordBits] &= ~Bit(first);
                all[first++] = null;
            }
            else
            {
                Array.Copy(all, place + 1, all, place, end - place - 1);
                all[--end] = null;
                RemoveBit(place);
            }

            // Half of it is empty: as many were removed since the last time as are moved now.
            if (first >= WordBits && first * 2 > end)
                MoveToFront();
            return first == end;
        }

        /// <summary>Empties it; false when it has become too large to be kept for another key.</summary>
        public bool Reset()
        {
            (first, end) = (0, 0);
            return all.Length <= MostSpare;
        }

        public void Use(RecordedExchange exchange)
        {
            if (PlaceOf(exchange) is var place && place < end && all[place] == exchange)
                unused[place / WordBits] &= ~Bit(place);
        }

        public bool IsUnused(RecordedExchange exchange) =>
            PlaceOf(exchange) is var place && place < end && all[place] == exchange && (unused[place / WordBits] & Bit(place)) != 0;

        public RecordedExchange? FirstUnused(long from, long to) =>
            UnusedAfter(PlaceAfter(from)) is { } found && found.Arrival <= to ? found : null;

        public RecordedExchange? NearestUnused(long arrival)
        {
            var place = PlaceAfter(arrival);
            return Nearer(UnusedBefore(place), UnusedAfter(place), arrival);
        }

        public RecordedExchange? Nearest(long arrival)
        {
            var place = PlaceAfter(arrival);
            return Nearer(place > first ? all[place - 1] : null, place < end ? all[place] : null, arrival);
        }

        private static ulong Bit(int place) => 1UL << (place % WordBits);

        /// <summary>The first unused one at a place or after it.</summary>
        private RecordedExchange? UnusedAfter(int place)
        {
            if (place >= end)
                return null;
            var word = place / WordBits;
            var bits = unused[word] & (ulong.MaxValue << (place % WordBits));
            if (bits == 0)
            {
                var next = unused.AsSpan(word + 1).IndexOfAnyExcept(0UL);
                if (next < 0)
                    return null;
                word += 1 + next;
                bits = unused[word];
            }

            return all[(word * WordBits) + BitOperations.TrailingZeroCount(bits)];
        }

        /// <summary>The last unused one before a place.</summary>
        private RecordedExchange? UnusedBefore(int place)
        {
            var word = place / WordBits;
            var bits = word < unused.Length ? unused[word] & (Bit(place) - 1) : 0;
            if (bits == 0)
            {
                word = unused.AsSpan(0, word).LastIndexOfAnyExcept(0UL);
                if (word < 0)
                    return null;
                bits = unused[word];
            }

            return all[(word * WordBits) + BitOperations.Log2(bits)];
        }

        /// <summary>Where those begin that arrived after a time.</summary>
        private int PlaceAfter(long arrival) => PlaceAfter(arrival, long.MaxValue);

        /// <summary>Where it is, or belongs.</summary>
        private int PlaceOf(RecordedExchange exchange) => PlaceAfter(exchange.Arrival, exchange.Sequence - 1);

        private int PlaceAfter(long arrival, long sequence)
        {
            // Most come last, and go first.
            if (first == end || !IsAfter(end - 1))
                return end;
            if (IsAfter(first))
                return first;
            var (low, high) = (first, end - 1);
            while (high - low > 1)
            {
                var middle = low + ((high - low) / 2);
                if (IsAfter(middle))
                    high = middle;
                else
                    low = middle;
            }

            return high;

            bool IsAfter(int place) =>
                all[place]!.Arrival != arrival ? all[place]!.Arrival > arrival : all[place]!.Sequence > sequence;
        }

        /// <summary>A new entry, not used, has been put there: the bits after it move on.</summary>
        private void InsertBit(int place)
        {
            for (var word = (end - 1) / WordBits; word > place / WordBits; word--)
                unused[word] = (unused[word] << 1) | (unused[word - 1] >> (WordBits - 1));
            ref var at = ref unused[place / WordBits];
            var below = Bit(place) - 1;
            at = (at & below) | Bit(place) | ((at & ~below) << 1);
        }

        /// <summary>An entry has been taken from there: the bits after it move back.</summary>
        private void RemoveBit(int place)
        {
            ref var at = ref unused[place / WordBits];
            var below = Bit(place) - 1;
            at = (at & below) | ((at >> 1) & ~below);
            for (var word = place / WordBits; word < end / WordBits; word++)
            {
                unused[word] = (unused[word] & (ulong.MaxValue >> 1)) | (unused[word + 1] << (WordBits - 1));
                unused[word + 1] >>= 1;
            }
        }

        private void MoveToFront()
        {
            var words = first / WordBits;
            var by = words * WordBits;
            Array.Copy(all, by, all, 0, end - by);
            Array.Clear(all, end - by, by);
            Array.Copy(unused, words, unused, 0, unused.Length - words);
            Array.Clear(unused, unused.Length - words, words);
            (first, end) = (first - by, end - by);
        }
    }
}
