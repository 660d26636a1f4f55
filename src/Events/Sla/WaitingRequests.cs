using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Sla;

/// <summary>Requests that had no reply, with how long they had waited for one.</summary>
/// <param name="Count">How many; zero or more, at most 2^53 − 1.</param>
/// <param name="Waited">Sum of the times from their arrival to their end, or to the end of the interval; not negative.</param>
/// <param name="Longest">The longest of these times, which may be told to the second; not negative.</param>
public sealed record WaitingRequests(long Count, TimeSpan Waited, TimeSpan Longest)
{
    /// <summary>None.</summary>
    public static WaitingRequests None { get; } = new(0, TimeSpan.Zero, TimeSpan.Zero);

    /// <summary>Both together.</summary>
    public static WaitingRequests operator +(WaitingRequests one, WaitingRequests other)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        return new(
            Sums.Of(one.Count, other.Count),
            Sums.Of(one.Waited, other.Waited),
            one.Longest > other.Longest ? one.Longest : other.Longest);
    }

    /// <summary>Both together.</summary>
    public static WaitingRequests Add(WaitingRequests one, WaitingRequests other) => one + other;

    /// <summary>What is wrong with it, naming field, value and what is allowed; null when nothing is.</summary>
    /// <param name="field">Its name in the message.</param>
    internal string? Problem(string field) => this switch
    {
        _ when Wire.CountProblem($"{field}.count", Count) is { } problem => problem,
        { Waited.Ticks: < 0 } => $"{field}.waited: {Waited} must not be negative",
        { Longest.Ticks: < 0 } => $"{field}.longest: {Longest} must not be negative",
        _ => null,
    };
}
