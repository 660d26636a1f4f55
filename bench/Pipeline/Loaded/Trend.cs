using System.Text.Json.Nodes;

namespace JustRunIt.Bench.Pipeline.Loaded;

/// <summary>Whether something goes on growing: its slope over the second half of a run, in which all that starts has started.</summary>
/// <param name="Name">What.</param>
/// <param name="First">Its mean over the first half.</param>
/// <param name="Second">Its mean over the second half.</param>
/// <param name="PerHour">How much it grows an hour, by least squares over the second half.</param>
internal sealed record Trend(string Name, double First, double Second, double PerHour)
{
    public static Trend Of(string name, IReadOnlyList<(TimeSpan At, double Value)> points)
    {
        var (first, second) = (points.Take(points.Count / 2).ToList(), points.Skip(points.Count / 2).ToList());
        if (first.Count == 0 || second.Count < 2)
            return new Trend(name, double.NaN, double.NaN, double.NaN);
        var (at, value) = (second.Average(point => point.At.TotalHours), second.Average(point => point.Value));
        var across = second.Sum(point => (point.At.TotalHours - at) * (point.At.TotalHours - at));
        var along = second.Sum(point => (point.At.TotalHours - at) * (point.Value - value));
        return new Trend(name, first.Average(point => point.Value), value, across > 0 ? along / across : double.NaN);
    }

    public JsonObject ToJson() => new()
    {
        ["of"] = Name,
        ["firstHalf"] = LoadMinute.Times.Finite(First),
        ["secondHalf"] = LoadMinute.Times.Finite(Second),
        ["perHour"] = LoadMinute.Times.Finite(PerHour),
    };
}
