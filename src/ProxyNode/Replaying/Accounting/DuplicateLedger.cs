using JustRunIt.ProxyNode.Replaying.Budget;
using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Replaying.GivingUp;

namespace JustRunIt.ProxyNode.Replaying.Accounting;

/// <summary>
/// Accounts for every on-line request while traffic is duplicated: it has a duplicate, or there is a reason why it has none, and every
/// duplicate is open or has come to exactly one end (<see cref="DuplicateFigures"/>). What is open is counted apart from the ends, so
/// that a duplicate that is lost on the way is seen: it stays open.
/// </summary>
/// <param name="givenUp">Counts what was given up for another reason than memory.</param>
/// <param name="shedder">Counts what was given up because memory was short.</param>
internal sealed class DuplicateLedger(GivenUp givenUp, Shedder shedder)
{
    private readonly Lock gate = new();
    private readonly long[] without = new long[DuplicateFigures.Reasons.Count];
    private long arrived;
    private long open;
    private long answered;
    private long sent;
    private long failed;

    /// <summary>A request has arrived whose duplicate is to be sent when it is due.</summary>
    public void Begin()
    {
        lock (gate)
        {
            arrived++;
            open++;
        }
    }

    /// <summary>A request has arrived that has no duplicate, by design.</summary>
    public void BeginWithout(NotDuplicated why)
    {
        lock (gate)
        {
            arrived++;
            without[(int)why]++;
        }
    }

    /// <summary>A request has arrived, and its duplicate was given up at once.</summary>
    public void BeginGivenUp(GiveUpReason why)
    {
        lock (gate)
        {
            arrived++;
            CountGivenUp(why);
        }
    }

    /// <summary>A request that had begun will have no duplicate, by design.</summary>
    public void EndWithout(NotDuplicated why)
    {
        lock (gate)
        {
            open--;
            without[(int)why]++;
        }
    }

    /// <summary>A duplicate was given up before it was sent.</summary>
    public void EndGivenUp(GiveUpReason why)
    {
        lock (gate)
        {
            open--;
            CountGivenUp(why);
        }
    }

    /// <summary>The clone has answered a duplicate, or never will.</summary>
    /// <param name="answer">What it answered, or why it did not.</param>
    /// <param name="isOneWay">It answers no such request: it was told.</param>
    public void End(in Answer answer, bool isOneWay)
    {
        lock (gate)
        {
            open--;
            if (answer.Status != Answer.NoReply)
                (isOneWay ? ref sent : ref answered)++;
            else if (answer.GivenUp is { } why)
                CountGivenUp(why);
            else
                failed++;
        }
    }

    /// <summary>The figures of one moment.</summary>
    public DuplicateFigures Read()
    {
        lock (gate)
        {
            var reasons = givenUp.Read();
            return new DuplicateFigures(
                arrived,
                DuplicateFigures.Reasons.Select((reason, i) => (reason, without[i])).ToDictionary(),
                arrived - without.Sum(),
                answered,
                sent,
                failed,
                shedder.Count,
                reasons.Values.Sum(reason => reason.Count),
                open)
            {
                ByReason = reasons,
            };
        }
    }

    private void CountGivenUp(GiveUpReason why)
    {
        if (why == GiveUpReason.Memory)
            shedder.CountShed();
        else
            givenUp.Count(why);
    }
}
