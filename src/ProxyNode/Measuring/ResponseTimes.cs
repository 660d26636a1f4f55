using HdrHistogram;

namespace JustRunIt.ProxyNode.Measuring;

/// <summary>Response times of one interval after another, from a request's arrival to the last byte of its reply (DESIGN §4).</summary>
internal sealed class ResponseTimes
{
    private const long LongestMicroseconds = 3_600_000_000;
    private const int SignificantDigits = 3;

    private readonly Lock gate = new();
    private readonly LongHistogram histogram = new(1, LongestMicroseconds, SignificantDigits);
    private long requests;
    private long errors;
    private TimeSpan total;
    private TimeSpan maximum;

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
    }

    /// <summary>A request got no reply.</summary>
    public void AddError()
    {
        lock (gate)
            errors++;
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
        lock (gate)
        {
            var p95 = requests == 0 ? TimeSpan.Zero : TimeSpan.FromMicroseconds(histogram.GetValueAtPercentile(95));
            var interval = new Interval(requests, errors, total, p95, maximum);
            histogram.Reset();
            (requests, errors, total, maximum) = (0, 0, TimeSpan.Zero, TimeSpan.Zero);
            return interval;
        }
    }

    /// <summary>One interval.</summary>
    /// <param name="Requests">Requests answered.</param>
    /// <param name="Errors">Replies of status 5xx, and requests without a reply.</param>
    /// <param name="Total">Sum of the response times.</param>
    /// <param name="P95">95th percentile.</param>
    /// <param name="Maximum">Longest.</param>
    internal sealed record Interval(long Requests, long Errors, TimeSpan Total, TimeSpan P95, TimeSpan Maximum);

    /// <summary>Everything that came.</summary>
    /// <param name="Requests">Requests answered.</param>
    /// <param name="Errors">Replies that say that the server failed, and requests without a reply.</param>
    /// <param name="Mean">Mean response time.</param>
    /// <param name="P50">Median.</param>
    /// <param name="P95">95th percentile.</param>
    /// <param name="P99">99th percentile.</param>
    /// <param name="Maximum">Longest.</param>
    internal sealed record Summary(long Requests, long Errors, TimeSpan Mean, TimeSpan P50, TimeSpan P95, TimeSpan P99, TimeSpan Maximum);
}
