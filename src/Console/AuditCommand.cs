using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using JustRunIt.Client.CommandLine;
using JustRunIt.Events.Auditing;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Store;
using JustRunIt.Events.Store.History;
using JustRunIt.Events.Telling;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.Console;

/// <summary><c>justrunit audit</c>: makes every recorded decision again, and compares.</summary>
internal static class AuditCommand
{
    private const int LongestShown = 2_000;
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(1);
    private static readonly JsonSerializerOptions Indented = new(Wire.Json) { WriteIndented = true };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var streams = new Argument<string[]>("STREAM")
        {
            Description = $"streams whose events are decided again: {StreamQuery.Allowed}",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var all = new Option<bool>("--all") { Description = "all streams" };
        var since = CheckedOption.Create<DateTimeOffset?>(
            "--since",
            "TIME",
            "only what was appended since then: so long ago, such as 10min, or a time in UTC, such as 2026-01-31T12:00:00Z or 12:00",
            Times.Allowed,
            Times.TryRead);
        var checkpoint = File("--checkpoint", "the checkpoint that you kept of an earlier audit: proves that the store only grew since");
        var key = File("--key", "the public key of checkpoints: proves that they are signed");
        var next = File("--next", "write the store's last checkpoint there, once all is right: the one to keep");
        var json = new Option<bool>("--json") { Description = "print counts and the first difference as JSON" };
        var command = new ExampleCommand(
            "audit",
            "make every recorded decision again from what was read for it, and compare the events; exit code 1 where one differs "
                + "or none can be decided again",
            "./justrunit audit --all --since 24h")
        {
            streams,
            all,
            since,
            checkpoint,
            key,
            next,
            json,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            StreamQuery.Join(parsed.GetValue(streams) ?? []),
            parsed.GetValue(all),
            parsed.GetValue(since),
            (parsed.GetValue(checkpoint), parsed.GetValue(key), parsed.GetValue(next)),
            parsed.GetValue(json),
            cancellation));
        return command;
    }

    private static Option<FileInfo> File(string name, string what) => new(name) { Description = what, HelpName = "FILE" };

    private static async Task<int> RunAsync(
        IReadOnlyList<string> named,
        bool all,
        DateTimeOffset? since,
        (FileInfo? Own, FileInfo? Key, FileInfo? Next) files,
        bool isJson,
        CancellationToken cancellation)
    {
        if (named.Count == 0 && !all)
            throw new ConfigurationException("command line: STREAM: missing; allowed is a stream, or --all");
        if (named.Count > 0 && all)
            throw new ConfigurationException($"command line: --all: given with '{named[0]}'; allowed is one of them");
        foreach (var (option, file) in new[] { ("--checkpoint", files.Own), ("--next", files.Next) })
        {
            if (!all && file is not null)
                throw new ConfigurationException($"command line: {option}: given with '{named[0]}'; allowed is --all");
        }

        OutputFiles.Prepare(files.Next?.FullName);
        var seals = SealAudit.Of(files.Own, files.Key);
        var postgres = Connections.PostgresFromEnvironment();
        var streams = all ? null : await StreamArguments.FindAllAsync(postgres, named, cancellation);
        if (streams is null && !all)
            return CommandProgram.BadInput;

        await using var snapshot = await StoreSnapshot.OpenAsync(postgres, cancellation);
        var last = await snapshot.LastSequenceAsync(cancellation);
        var first = since is { } time ? await snapshot.FirstSequenceAsync(time, cancellation) : 0;
        var tally = new AuditTally();
        var progress = new Progress(first, last);
        var events = snapshot.EventsAsync(first, streams, cancellation);
        await foreach (var finding in new Auditor(Rules.OfThisProgram, snapshot).AuditAsync(events, cancellation))
        {
            tally.Add(finding);
            progress.Show(finding.Sequence, tally);
        }

        progress.End(tally);
        await seals.RunAsync(snapshot, streams, progress.Sealed, cancellation);
        if (isJson)
        {
            System.Console.WriteLine(JsonSerializer.Serialize(Told(tally, seals), Indented));
        }
        else
        {
            Print(tally);
            seals.Print();
        }

        if (seals.IsRight && files.Next is { } next)
            await WriteAsync(next, seals.LastNote, cancellation);
        if (!tally.IsVain)
            return tally.Different == 0 && seals.IsRight ? 0 : CommandProgram.Failed;
        await System.Console.Error.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"audit: none of {tally.Events} events could be decided again, so nothing is known of them"));
        return CommandProgram.Failed;
    }

    private static object Told(AuditTally tally, SealAudit seals) => new
    {
        tally.Events,
        tally.Same,
        tally.Different,
        NotCheckable = tally.Reasons.ToDictionary(
            reason => $"{reason.Key}", reason => new { reason.Value.Count, reason.Value.First }),
        tally.First,
        Seals = seals.Told(),
    };

    private static async Task WriteAsync(FileInfo file, string? note, CancellationToken cancellation)
    {
        if (note is null)
        {
            throw new ConfigurationException(
                "command line: --next: no checkpoint is there to be written; the Checker signs them with the key of JUSTRUNIT_SEAL_KEY");
        }

        await System.IO.File.WriteAllTextAsync(file.FullName, note, cancellation);
    }

    private static void Print(AuditTally tally)
    {
        if (tally.First is { } first)
        {
            System.Console.WriteLine($"different: {Place(first)}");
            System.Console.WriteLine($"  {first.Detail}");
            foreach (var difference in first.Differences)
            {
                System.Console.WriteLine($"  {difference.Path}");
                System.Console.WriteLine($"    recorded  {Shown(difference.Recorded)}");
                System.Console.WriteLine($"    decided   {Shown(difference.Decided)}");
            }

            System.Console.WriteLine($"  event as recorded  {Shown(first.Recorded)}");
            System.Console.WriteLine($"  event as decided   {Shown(first.Decided)}");
        }

        foreach (var (why, (count, example)) in tally.Reasons)
        {
            System.Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"not checkable: {why}, {count} events, the first is {Place(example)}"));
            System.Console.WriteLine($"  {example.Detail}");
        }

        System.Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{tally.Events} events: {tally.Same} the same, {tally.Different} different, {tally.NotCheckable} not checkable"));
    }

    private static string Place(Finding finding)
    {
        var whose = finding.Decider is null
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $", decided by {finding.Decider}, rule {finding.Rule}");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"event {finding.Version} of {finding.Stream} (number {finding.Sequence}), {CausingMessage.Short(finding.WireName)}{whose}");
    }

    /// <summary>One JSON text; whole in --json.</summary>
    private static string Shown(string? json) => json switch
    {
        null => "nothing",
        { Length: > LongestShown } => $"{json[..LongestShown]}... (--json has the whole)",
        _ => json,
    };

    /// <summary>How far it is: on a terminal on one line that is written over, elsewhere a line now and then.</summary>
    private sealed class Progress(long first, long last)
    {
        private const int Every = 64;
        private readonly Stopwatch watch = Stopwatch.StartNew();
        private TimeSpan next = BetweenLines;
        private long shown;

        public void Show(long sequence, AuditTally tally)
        {
            if (!IsDue())
                return;
            var percent = last <= first ? 100 : Math.Clamp(100.0 * (sequence - first) / (last - first), 0, 100);
            Write(Line(tally, percent));
        }

        /// <summary>The same, of what is looked through for changes.</summary>
        public void Sealed(long sequence)
        {
            if (IsDue())
            {
                Write(string.Create(
                    CultureInfo.InvariantCulture, $"audit: seals, event {sequence} of {last}, {watch.Elapsed.TotalSeconds:0} s"));
            }
        }

        public void End(AuditTally tally)
        {
            if (next > BetweenLines)
                Write(Line(tally, 100) + (System.Console.IsErrorRedirected ? "" : "\n"));
        }

        private bool IsDue()
        {
            if (++shown % Every != 0 || watch.Elapsed < next)
                return false;
            next = watch.Elapsed + (System.Console.IsErrorRedirected ? 10 * BetweenLines : BetweenLines / 4);
            return true;
        }

        private string Line(AuditTally tally, double percent) => string.Create(
            CultureInfo.InvariantCulture,
            $"audit: {percent:0} %, {tally.Events} events, {tally.Different} different, {tally.NotCheckable} not checkable, "
            + $"{watch.Elapsed.TotalSeconds:0} s");

        private static void Write(string line)
        {
            if (System.Console.IsErrorRedirected)
                System.Console.Error.WriteLine(line);
            else
                System.Console.Error.Write($"\r{line,-100}{(line.EndsWith('\n') ? "" : "\r")}");
        }
    }
}
