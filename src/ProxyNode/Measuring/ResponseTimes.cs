using System.Diagnostics.Metrics;
using HdrHistogram;
using JustRunIt.Events.Sla;

namespace JustRunIt.ProxyNode.Measuring;

/// <summary>Response times of one interval after another, from a request's arrival to the last byte of its reply (DESIGN §4).</summary>
/// <param name="instrument">Fed as well, while somebody listens to it; null: none.</param>
/// <param name="tags">What the instrument is told of each.</param>
internal sealed class ResponseTimes(Histogram<double>? instrument = null, params KeyValuePair<string, object?>[] tags)
{
    private const long LongestMicroseconds = 3_600_000_000;
    private const int SignificantDigits = 3;

    private readonly Lock gate = new();
    private readonly Lock taking = new();
    private readonly long[] before = new long[BucketBounds.Count + 1];
    private LongHistogram histogram = New();
    private LongHistogram spare = New();
    private long requests;
    private long errors;
    private TimeSpan total;
    private TimeSpan maximum;
    private (long Requests, long Errors, TimeSpan Total) taken;
    private WaitingRequests noReply = WaitingRequests.None;
    private WaitingRequests givenUp = WaitingRequests.None;

    /// <summary>Upper bounds of the buckets of <see cref="Distribution"/>, the last excepted.</summary>
    public static IReadOnlyList<TimeSpan> BucketBounds { get; } =
    [
        .. new[] { 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000 }
            .Select(milliseconds => TimeSpan.FromMilliseconds(milliseconds)),
    ];

    /// <summary>Requests that are not answered yet; null where nobody counts them.</summary>
    public InFlight? Open { get; init; }

    /// <summary>A request was answered.</summary>
    public void Add(TimeSpan responseTime, bool isError)
    {
        lock (gate)
        {
            requests++;
            errors += isError ? 1 : 0;
            total += responseTime;
            if (responseTime > maximum)
                maximum = responseTime;
            histogram.RecordValue(Math.Clamp((long)responseTime.TotalMicroseconds, 1, LongestMicroseconds));
        }

        if (instrument is { Enabled: true })
            instrument.Record(responseTime.TotalSeconds, tags);
    }

    /// <summary>A request got no reply.</summary>
    public void AddError()
    {
        lock (gate)
            errors++;
    }

    /// <summary>A request got no reply.</summary>
    /// <param name="waited">How long it had waited for one.</param>
    /// <param name="isGivenUp">Whether its client left; otherwise the server could not be reached, or left.</param>
    public void AddUnanswered(TimeSpan waited, bool isGivenUp)
    {
        var one = new WaitingRequests(1, waited, waited);
        lock (gate)
        {
            errors++;
            if (isGivenUp)
                givenUp += one;
            else
                noReply += one;
        }
    }

    /// <summary>What came since the last <see cref="Take"/>, which goes on.</summary>
    public Summary Read()
    {
        lock (gate)
        {
            return new Summary(
                requests,
                errors,
                requests == 0 ? TimeSpan.Zero : total / requests,
                AtPercentile(50),
                AtPercentile(95),
                AtPercentile(99),
                maximum);
        }

        TimeSpan AtPercentile(double percentile) =>
            requests == 0 ? TimeSpan.Zero : TimeSpan.FromMicroseconds(histogram.GetValueAtPercentile(percentile));
    }

    /// <summary>What came since the last call.</summary>
    public Interval Take()
    {
        lock (taking)
        {
            LongHistogram full;
            Interval interval;
            lock (gate)
            {
                var p95 = requests == 0 ? TimeSpan.Zero : TimeSpan.FromMicroseconds(histogram.GetValueAtPercentile(95));
                interval = new Interval(requests, errors, total, p95, maximum, noReply, givenUp);
                (noReply, givenUp) = (WaitingRequests.None, WaitingRequests.None);
                taken = (taken.Requests + requests, taken.Errors + errors, taken.Total + total);
                (full, histogram) = (histogram, spare);
                (requests, errors, total, maximum) = (0, 0, TimeSpan.Zero, TimeSpan.Zero);
            }

            Count(full, before);
            full.Reset();
            spare = full;
            return interval;
        }
    }

    /// <summary>Everything since the start, whatever was taken meanwhile.</summary>
    public Distribution ReadAll()
    {
        lock (taking)
        {
            var buckets = (long[])before.Clone();
            lock (gate)
            {
                Count(histogram, buckets);
                return new Distribution(taken.Requests + requests, taken.Errors + errors, taken.Total + total, buckets);
            }
        }
    }

    private static LongHistogram New() => new(1, LongestMicroseconds, SignificantDigits);

    private static void Count(LongHistogram histogram, long[] buckets)
    {
        var bucket = 0;
        foreach (var value in histogram.RecordedValues())
        {
            while (bucket < BucketBounds.Count && value.ValueIteratedTo > BucketBounds[bucket].TotalMicroseconds)
                bucket++;
            buckets[bucket] += value.CountAddedInThisIterationStep;
        }
    }

    /// <summary>One interval.</summary>
    /// <param name="Requests">Requests answered.</param>
    /// <param name="Errors">Replies of status 5xx, and requests without a reply.</param>
    /// <param name="Total">Sum of the response times.</param>
    /// <param name="P95">95th percentile.</param>
    /// <param name="Maximum">Longest.</param>
    /// <param name="NoReply">Those of the errors whose server could not be reached, or left.</param>
    /// <param name="GivenUp">Those of the errors whose client left.</param>
    internal sealed record Interval(
        long Requests,
        long Errors,
        TimeSpan Total,
        TimeSpan P95,
        TimeSpan Maximum,
        WaitingRequests NoReply,
        WaitingRequests GivenUp);

    /// <summary>Everything that came.</summary>
    /// <param name="Requests">Requests answered.</param>
    /// <param name="Errors">Replies that say that the server failed, and requests without a reply.</param>
    /// <param name="Mean">Mean response time.</param>
    /// <param name="P50">Median.</param>
    /// <param name="P95">95th percentile.</param>
    /// <param name="P99">99th percentile.</param>
    /// <param name="Maximum">Longest.</param>
    internal sealed record Summary(long Requests, long Errors, TimeSpan Mean, TimeSpan P50, TimeSpan P95, TimeSpan P99, TimeSpan Maximum);

    /// <summary>How response times are spread.</summary>
    /// <param name="Requests">Requests answered.</param>
    /// <param name="Errors">Replies that say that the server failed, and requests without a reply.</param>
    /// <param name="Total">Sum of the response times.</param>
    /// <param name="Buckets">How many were within each of <see cref="BucketBounds"/>, and how many longer.</param>
    internal sealed record Distribution(long Requests, long Errors, TimeSpan Total, IReadOnlyList<long> Buckets);
}
