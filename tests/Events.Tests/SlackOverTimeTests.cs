using System.Text.Json;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;
using static JustRunIt.Events.Tests.Sample;

namespace JustRunIt.Events.Tests;

/// <summary>Slack that stays is said seldom, whatever befalls the Monitor and its file meanwhile.</summary>
public sealed class SlackOverTimeTests
{
    private const int Days = 6;
    private const int WindowsOfDay = 8640;
    private static readonly SlaDecider Decider = new();

    [Fact]
    public void A_Monitor_that_starts_again_after_every_window_says_it_when_one_does_that_never_ended()
    {
        var said = Said((window, open) => Stored(open));
        Assert.Equal(Said((_, open) => open), said);
        Assert.InRange(said.Count, Days, Days + 12);
    }

    [Fact]
    public void Another_policy_and_other_settings_of_the_service_that_leave_slack_alone_say_it_no_oftener()
    {
        var changes = 0;
        var policy = Policy.Default;
        var registered = Registered(repeatAfter: 12);
        var said = Said(
            (_, open) => open,
            window =>
            {
                // Six times a day.
                if (window % (WindowsOfDay / 6) == 0)
                {
                    changes++;
                    policy = policy with { Version = changes, Name = $"policy-{changes}" };
                    var exploration = registered.Exploration with { TimeBudget = TimeSpan.FromMinutes(10 + changes) };
                    registered = registered with { Exploration = exploration, At = Noon + (window * Seconds(10)) };
                }

                return (registered, policy);
            });
        Assert.Equal(6 * Days, changes);
        Assert.Equal(Said((_, open) => open), said);
    }

    [Fact]
    public void A_longest_pause_that_the_policy_makes_longer_is_kept_from_then_on()
    {
        var hourly = Policy.Default with { Monitoring = Policy.Default.Monitoring with { SlackReminder = TimeSpan.FromHours(1) } };
        var said = Said(
            (_, open) => open, window => (Registered(repeatAfter: 12), window < WindowsOfDay ? hourly : Policy.Default));
        Assert.InRange(said.Count(at => at <= TimeSpan.FromDays(1)), 20, 30);
        Assert.InRange(said.Count(at => at > TimeSpan.FromDays(1)), Days - 1, Days + 5);
    }

    [Fact]
    public void A_longest_pause_that_the_policy_makes_shorter_is_kept_from_then_on()
    {
        const int changed = 4 * WindowsOfDay;
        var hourly = Policy.Default with { Monitoring = Policy.Default.Monitoring with { SlackReminder = TimeSpan.FromHours(1) } };
        var said = Said((_, open) => open, window => (Registered(repeatAfter: 12), window < changed ? Policy.Default : hourly));
        Assert.InRange(said.Count(at => at > TimeSpan.FromDays(4) && at <= TimeSpan.FromDays(5)), 23, 25);
    }

    [Fact]
    public void Slack_under_another_agreement_is_said_at_once_and_then_as_seldom_as_any()
    {
        const int changed = 3 * WindowsOfDay;
        var from = Noon + (changed * Seconds(10));
        var (tight, loose) = (Registered(agreedMs: 100, repeatAfter: 12), Registered(agreedMs: 300, repeatAfter: 12) with { At = from });
        var said = Said((_, open) => Stored(open), window => (window < changed ? tight : loose, Policy.Default));
        Assert.Contains(from + Seconds(10) - Noon, said);
        Assert.InRange(said.Count(at => at > from + Seconds(10) - Noon), Days - 3, Days - 3 + 12);
    }

    /// <summary>As it is kept beside the streams.</summary>
    private static SlaWindow Stored(SlaWindow open) =>
        JsonSerializer.Deserialize<SlaWindow>(JsonSerializer.Serialize(open, Wire.Json), Wire.Json)!;

    /// <summary>When slack was said, from the first window on.</summary>
    /// <param name="between">What becomes of what is kept, after each window.</param>
    /// <param name="inForce">What is in force from a window on; null for the same all the time.</param>
    private static List<TimeSpan> Said(
        Func<int, SlaWindow, SlaWindow> between, Func<int, (ServiceRegistered Registered, Policy Policy)>? inForce = null)
    {
        var same = (Registered(repeatAfter: 12), Policy.Default);
        var open = SlaWindow.Empty;
        var said = new List<TimeSpan>();
        for (var window = 0; window < Days * WindowsOfDay; window++)
        {
            var (registered, policy) = inForce?.Invoke(window) ?? same;
            var from = Noon + (window * Seconds(10));
            var kept = open;
            var decision = new InMemoryStreams(_ => kept)
                .Given(ServiceStream, registered)
                .Given(Streams.Policy(DataCenter), new DataCenterConfigured(DataCenter, policy, Noon))
                .Handle(
                    Decider,
                    new ExternalWindowReported("sonde", "shop", from, from + Seconds(10), 50, Milliseconds(40)),
                    Cause(window + 1, from + Seconds(10)));
            open = between(window, decision.Kept.Cast<OpenWindow>().Single().Window);
            if (decision.Streams.SelectMany(entry => entry.Events).Any(e => e is SlaSlackDetected))
                said.Add(from + Seconds(10) - Noon);
        }

        return said;
    }
}
