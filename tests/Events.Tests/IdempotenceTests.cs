using CsCheck;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Sla;
using static JustRunIt.Events.Tests.Sample;

namespace JustRunIt.Events.Tests;

/// <summary>What holds for every decider, in any state that a run of the whole loop comes to (DESIGN §3).</summary>
public sealed class IdempotenceTests
{
    private static readonly Gen<int> Seeds = Gen.Int[0, 1_000_000];

    [Fact]
    public void Any_message_given_twice_in_any_later_state_appends_nothing_the_second_time() => Seeds.Sample(
        seed =>
        {
            var rehearsal = new Rehearsal(seed);
            for (var part = 0; part < 5; part++)
            {
                rehearsal.Play(60);
                foreach (var delivery in rehearsal.Delivered)
                    Assert.True(rehearsal.Repeat(delivery) == 0, $"seed {seed}: {delivery.Message} was answered twice");
            }
        },
        iter: 10);

    [Fact]
    public void An_answer_that_is_given_again_as_another_message_appends_nothing() => Seeds.Sample(
        seed =>
        {
            var rehearsal = new Rehearsal(seed);
            for (var part = 0; part < 5; part++)
            {
                rehearsal.Play(60);
                foreach (var delivery in rehearsal.Delivered.Where(delivery => IsAnswer(delivery.Message)).ToList())
                {
                    var again = delivery with { Id = DeterministicId.From(delivery.Id, $"again/{part}") };
                    Assert.True(rehearsal.Repeat(again) == 0, $"seed {seed}: {delivery.Message} was answered twice");
                }
            }
        },
        iter: 10);

    [Fact]
    public void The_rehearsals_run_every_decider_with_every_message_that_it_answers()
    {
        var run = Enumerable.Range(0, 40).SelectMany(seed => new Rehearsal(seed).Play(600).Run).ToHashSet();
        Assert.All(
            Deciders.All.SelectMany(decider => Deciders.MessagesOf(decider).Select(message => $"{decider.Name} {message.Name}")),
            pair => Assert.Contains(pair, run));
    }

    [Fact]
    public void One_correlation_goes_from_the_first_violating_window_to_the_last_step()
    {
        var chains = 0;
        for (var seed = 0; seed < 40; seed++)
        {
            var stated = new Rehearsal(seed).Play(900).Stated;
            var violations = stated.Where(entry => entry.Event is SlaViolated).Select(entry => entry.CorrelationId).ToHashSet();
            foreach (var applied in stated.Where(entry => entry.Event is PlacementApplied))
            {
                var decided = stated.Single(entry => entry.Event is AllocationDecided allocation
                    && allocation.DecisionId == ((PlacementApplied)applied.Event).DecisionId);
                Assert.Equal(decided.CorrelationId, applied.CorrelationId);
                if (((AllocationDecided)decided.Event).Goal != Settings.ExplorationGoal.KeepAgreement)
                    continue;
                Assert.Contains(applied.CorrelationId, violations);
                chains++;
            }
        }

        Assert.True(chains > 10, $"{chains} placements were carried out");
    }

    [Fact]
    public void No_decision_after_a_violation_lowers_an_allocation()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var shares = new Dictionary<string, double>();
            foreach (var (@event, _) in new Rehearsal(seed).Play(600).Stated)
            {
                if (@event is DataCenters.VmPlaced placed)
                    shares[placed.Vm] = placed.Allocation.Cpu!.Value.Cores;
                if (@event is AllocationDecided { Goal: Settings.ExplorationGoal.KeepAgreement } decided)
                    Assert.True(decided.Allocated.Cpu!.Value.Cores >= shares[$"{decided.Service}-app"] - 1e-9, $"seed {seed}: {decided}");
                if (@event is DataCenters.AllocationApplied applied)
                    shares[applied.Vm] = applied.Allocation.Cpu!.Value.Cores;
            }
        }
    }

    [Fact]
    public void Every_decider_has_a_name_of_its_own_and_a_version() => Assert.All(
        Deciders.All.GroupBy(decider => decider.Name),
        named => Assert.True(named.Count() == 1 && named.Single().Version >= 1, named.Key));

    [Fact]
    public void The_same_cause_gives_the_same_ids_and_another_cause_others()
    {
        Assert.Equal(DeterministicId.From(Cause(1).MessageId, "a"), DeterministicId.From(Cause(1).MessageId, "a"));
        Assert.NotEqual(DeterministicId.From(Cause(1).MessageId, "a"), DeterministicId.From(Cause(2).MessageId, "a"));
        Assert.NotEqual(DeterministicId.From(Cause(1).MessageId, "a"), DeterministicId.From(Cause(1).MessageId, "b"));
    }

    // RFC 9562, appendix A.4: the test vector of UUID version 5.
    [Fact]
    public void Ids_are_name_based_as_the_standard_says() => Assert.Equal(
        Guid.Parse("2ed6657d-e927-568b-95e1-2665a8aea6a2"),
        DeterministicId.From(Guid.Parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), "www.example.com"));

    private static bool IsAnswer(object message) => message is Hosts.VmCloned or Hosts.VmCloneFailed or Hosts.AllocationSet
        or Hosts.AllocationRefused or Hosts.VmMigrated or Hosts.VmMigrationFailed or Proxies.ReplayMeasured;
}
