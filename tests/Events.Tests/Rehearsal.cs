using System.Text.Json;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Sealing;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Timers;
using static JustRunIt.Events.Tests.Sample;

namespace JustRunIt.Events.Tests;

/// <summary>
/// The whole loop in memory, with every real decider: two services whose agreements are broken and restored, simulated agents
/// and proxies that answer, refuse, answer twice or fall silent, messages that arrive in any order and more than once. A run
/// is a function of its seed alone.
/// </summary>
internal sealed class Rehearsal
{
    private readonly string dataCenter;
    private readonly string shop;
    private readonly string bank;
    private readonly Guid scope;
    private readonly Dictionary<(string, string), SlaWindow> windows = [];
    private readonly List<Delivery> pending = [];
    private readonly List<Delivery> delivered = [];
    private readonly Random random;
    private readonly InMemoryStreams streams;
    private DateTimeOffset now = Noon;
    private int second;
    private int numbers;

    /// <param name="seed">All chance comes from it.</param>
    /// <param name="decided">Is told each decision from which events follow.</param>
    /// <param name="suffix">Of the names of data centre and services, where several rehearsals are to stand in one store.</param>
    public Rehearsal(int seed, Action<Decision, DecisionRecord>? decided = null, string suffix = "")
    {
        random = new Random(seed);
        (dataCenter, shop, bank) = (DataCenter + suffix, $"shop{suffix}", $"bank{suffix}");
        scope = suffix.Length == 0 ? Guid.Empty : DeterministicId.From(Guid.Empty, suffix);
        streams = new InMemoryStreams(
            asked => asked is OpenWindowAsked open
                ? windows.GetValueOrDefault((open.Service, open.Source), SlaWindow.Empty)
                : null,
            decided);
        Send(new ConfigurationRead(dataCenter, Rules, [Shop(shop, 100), Shop(bank, 80)]));
        foreach (var (machine, role) in new[]
        {
            ("app-1", MachineRole.Production), ("app-2", MachineRole.Production), ("app-3", MachineRole.Spare),
            ("sandbox-1", MachineRole.Sandbox),
        })
        {
            Send(new MachineAnnounced(dataCenter, Agent, machine, role, Have(1, 1024), "process", true));
        }

        Send(new TreeRead($"log{suffix}", 8, Convert.ToBase64String(new byte[32]), "note"));
        foreach (var service in new[] { shop, bank })
            Send(new VmStarted(NextId(), dataCenter, Agent, "app-1", $"{service}-app", service, "application", false, Have(0.4)));
    }

    /// <summary>Everything that was delivered, in order.</summary>
    public IReadOnlyList<Delivery> Delivered => delivered;

    /// <summary>All streams.</summary>
    public InMemoryStreams Streams => streams;

    /// <summary>Everything that was handled, by whom and when, in order.</summary>
    public List<(IDecider Decider, object Message, Cause Cause)> Handled { get; } = [];

    /// <summary>Names of the pairs of decider and message that were run.</summary>
    public HashSet<string> Run { get; } = [];

    /// <summary>Correlations by event, in the order in which they were stated.</summary>
    public List<(IDomainEvent Event, Guid CorrelationId)> Stated { get; } = [];

    /// <summary>Delivers so many messages, with repetitions.</summary>
    public Rehearsal Play(int messages)
    {
        for (var i = 0; i < messages; i++)
        {
            if (pending.Count == 0 || random.Next(4) == 0)
                Measure();
            // Mostly in order, as a broker delivers; timers when they are due.
            var due = pending.FindIndex(delivery => delivery.NotBefore <= now);
            if (due < 0)
            {
                now += Seconds(1);
                continue;
            }

            var chosen = random.Next(5) == 0 ? random.Next(pending.Count) : due;
            if (pending[chosen].NotBefore > now)
                chosen = due;
            var delivery = pending[chosen];
            pending.RemoveAt(chosen);
            Deliver(delivery);
            delivered.Add(delivery);
        }

        return this;
    }

    /// <summary>Delivers a message as it was delivered before; says how many events it led to now.</summary>
    public int Repeat(Delivery delivery) => Deliver(delivery with { IsRepetition = true });

    /// <summary>Everything on all streams, as text.</summary>
    public string Text() => string.Join('\n', streams.Streams.OrderBy(entry => entry.Key, StringComparer.Ordinal)
        .SelectMany(entry => entry.Value.Select(
            e => $"{entry.Key} {Wire.NameOf(e.GetType())} {JsonSerializer.Serialize(e, e.GetType(), Wire.Json)}")));

    private ServiceRegistered Shop(string service, double agreedMs) => Registered(agreedMs, repeatAfter: 2) with
    {
        Service = service,
        DataCenter = dataCenter,
        Tiers = [new TierDefinition("application", [$"{service}-app"], "proxies", null)],
    };

    private int Deliver(Delivery delivery)
    {
        var stated = 0;
        foreach (var decider in Deciders.All.Where(decider => Deciders.MessagesOf(decider).Contains(delivery.Message.GetType())))
        {
            Run.Add($"{decider.Name} {delivery.Message.GetType().Name}");
            var decision = Handle(decider, delivery);
            foreach (var kept in decision.Kept.Cast<OpenWindow>())
                windows[(kept.Service, kept.Source)] = kept.Window;
            foreach (var @event in decision.Streams.SelectMany(entry => entry.Events))
            {
                stated++;
                var correlation = decision.CorrelationOf(@event, new Cause(delivery.Id, delivery.CorrelationId, now));
                Stated.Add((@event, correlation));
                if (!delivery.IsRepetition)
                    Follow(@event, correlation);
            }
        }

        return stated;
    }

    private Decision Handle(IDecider decider, Delivery delivery)
    {
        var cause = new Cause(delivery.Id, delivery.CorrelationId, now);
        Handled.Add((decider, delivery.Message, cause));
        var handle = typeof(InMemoryStreams).GetMethod(nameof(InMemoryStreams.Handle))!.MakeGenericMethod(delivery.Message.GetType());
        return (Decision)handle.Invoke(streams, [decider, delivery.Message, cause])!;
    }

    private void Follow(IDomainEvent @event, Guid correlation)
    {
        var id = NextId();
        Send(@event, correlation, id);
        foreach (var timer in Consequences.TimersOf(@event))
            pending.Add(new Delivery(timer, NextId(), correlation, timer.DueAt));
        foreach (var command in Consequences.CommandsOf(@event, id))
        {
            foreach (var answer in Answers(command))
                Send(answer, correlation);
        }
    }

    /// <summary>What the simulated agents and proxies say to a command: now and then no, nothing, or yes twice.</summary>
    private IEnumerable<object> Answers(ICommand command)
    {
        var mood = random.Next(12);
        if (mood == 0)
            return [];
        object? yes = command switch
        {
            CloneVm c => new VmCloned(
                c.Subject, c.RequestId, c.Agent, c.CloneName, "10.0.0.2:80", "process", true, TimeSpan.Zero, Seconds(1), 0),
            SetAllocation c => new AllocationSet(c.Subject, c.RequestId, c.Agent, c.Vm, c.Allocation),
            MigrateVm c => new VmMigrated(c.Subject, c.RequestId, c.Agent, c.Vm, c.To, Seconds(1)),
            StartReplay c => new ReplayMeasured(
                c.Subject, c.RequestId, c.ProxyNode, now, now + Seconds(10), Side(
                    random.Next(40, 300)), Side(random.Next(20, 200)), new MatchCounts(1, 0, 0, 0), 0, null),
            ValidationRequested c => c,
            _ => null,
        };
        object? no = command switch
        {
            CloneVm c => new VmCloneFailed(c.Subject, c.RequestId, c.Agent, c.CloneName, "no"),
            SetAllocation c => new AllocationRefused(c.Subject, c.RequestId, c.Agent, c.Vm, mood == 1, "no"),
            MigrateVm c => new VmMigrationFailed(c.Subject, c.RequestId, c.Agent, c.Vm, "no"),
            StartReplay { Subject: var subject } => new VmExited(Agent, $"{shop}-app-clone", subject, "killed"),
            _ => yes,
        };
        return (mood, yes, no) switch
        {
            ( <= 2, _, { } refusal) => [refusal],
            (3, { } answer, _) => [answer, answer],
            (_, { } answer, _) => [answer],
            _ => [],
        };
    }

    private void Measure()
    {
        second++;
        now += Seconds(1);
        var mean = random.Next(10, 200);
        foreach (var service in new[] { shop, bank })
        {
            Send(new ResponseTimesMeasured(
                "proxies",
                service,
                "application",
                Noon + Seconds(second - 1),
                Noon + Seconds(second),
                5,
                0,
                Milliseconds(5 * mean),
                Milliseconds(mean),
                Milliseconds(mean)));
        }

        if (second % 70 == 0)
            Send(new ForgetMachine(NextId(), dataCenter, "nobody"));
        if (second % 200 is 100 or 105)
            Send(new ConfigurationRead(
                dataCenter, Rules, second % 200 == 100 ? [Shop(shop, 100)] : [Shop(shop, 100), Shop(bank, 80)]));
        if (second % 50 == 0)
            Send(new ServiceRead(Shop(shop, 100 + (second % 100))));
        if (second % 30 == 0)
            Send(new ExternalWindowReported(
                "sonde", shop, Noon + Seconds(second - 30), Noon + Seconds(second), 50, Milliseconds(random.Next(10, 900))));
    }

    private void Send(object message, Guid? correlation = null, Guid? id = null)
    {
        var number = id ?? NextId();
        pending.Add(new Delivery(message, number, correlation ?? number, now));
    }

    private Guid NextId() => DeterministicId.From(scope, $"message/{++numbers}");

    /// <summary>A message on its way.</summary>
    /// <param name="Message">The message.</param>
    /// <param name="Id">Its id.</param>
    /// <param name="CorrelationId">Its correlation.</param>
    /// <param name="NotBefore">When it can arrive at the earliest.</param>
    /// <param name="IsRepetition">Whether it was delivered before.</param>
    internal sealed record Delivery(object Message, Guid Id, Guid CorrelationId, DateTimeOffset NotBefore, bool IsRepetition = false);
}
