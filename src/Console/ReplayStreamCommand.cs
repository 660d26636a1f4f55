using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using JustRunIt.Client.CommandLine;
using JustRunIt.Events;
using JustRunIt.Events.Auditing;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Store;
using JustRunIt.Events.Store.History;
using JustRunIt.Events.Telling;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.Console;

/// <summary><c>justrunit replay STREAM</c>: a stream's history in words.</summary>
internal static class ReplayStreamCommand
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(500);

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var stream = new Argument<string[]>("STREAM")
        {
            Description = StreamQuery.Allowed,
            Arity = ArgumentArity.OneOrMore,
        };
        var at = CheckedOption.Create<Until?>(
            "--at",
            "VERSION|TIME",
            "only up to this version or time: a whole number, so long ago, such as 10min, or a time in UTC",
            $"a version from 1, {Times.Allowed}",
            TryReadUntil);
        var follow = new Option<bool>("--follow", "-f") { Description = "go on with what is appended from now on, until Ctrl-C" };
        var causes = new Option<bool>("--causes")
        {
            Description = "after each event what it follows from, back to the first message, over all streams",
        };
        var state = new Option<bool>("--state")
        {
            Description = "after each event the state where it has changed: a matrix' grid, who runs where, of others the JSON",
        };
        var json = new Option<bool>("--json") { Description = "a line of JSON for each event, with its whole body" };
        var command = new ExampleCommand(
            "replay",
            "a stream's history in words, a line for each event: version, time, who stated it, what happened, because of what",
            "./justrunit replay matrix shop/application@2026-11-28 --state")
        {
            stream,
            at,
            follow,
            causes,
            state,
            json,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            string.Join(' ', parsed.GetValue(stream) ?? []),
            new Shown(
                parsed.GetValue(at), parsed.GetValue(follow), parsed.GetValue(causes), parsed.GetValue(state), parsed.GetValue(json)),
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string text, Shown shown, CancellationToken cancellation)
    {
        if (shown is { IsFollowed: true, Until: not null })
            throw new ConfigurationException("command line: --follow: given with --at; allowed is one of them");
        await using var connection = await StoreSnapshot.ConnectAsync(Connections.PostgresFromEnvironment(), cancellation);
        if (await StreamArguments.FindAsync(connection, text, cancellation) is not { } found)
            return CommandProgram.BadInput;
        // Causes are looked for while the stream is being read.
        await using var second = shown.WithCauses
            ? await StoreSnapshot.ConnectAsync(Connections.PostgresFromEnvironment(), cancellation)
            : null;
        var teller = new Teller(shown, second is null ? null : new CauseFinder(second), StreamState.Of(found.Name));
        var history = new StreamHistory(connection);
        var (version, last) = (0L, shown.Until?.Version ?? long.MaxValue);
        while (true)
        {
            await foreach (var e in history.ReadAsync(found.Name, version, last, cancellation))
            {
                if (shown.Until?.At is { } end && e.At > end)
                    return 0;
                await teller.TellAsync(e, cancellation);
                version = e.Version;
            }

            if (!shown.IsFollowed)
                return 0;
            await System.Console.Out.FlushAsync(cancellation);
            await Task.Delay(BetweenLooks, cancellation);
        }
    }

    private static bool TryReadUntil(string text, out Until? until)
    {
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version))
            until = version >= 1 ? new Until(version, null) : null;
        else
            until = Times.TryRead(text, out var at) ? new Until(null, at) : null;
        return until is not null;
    }

    /// <summary>Where the history ends.</summary>
    /// <param name="Version">The last version; null for none.</param>
    /// <param name="At">The last time; null for none.</param>
    private sealed record Until(long? Version, DateTimeOffset? At);

    /// <summary>What is shown.</summary>
    private sealed record Shown(Until? Until, bool IsFollowed, bool WithCauses, bool WithState, bool IsJson);

    /// <summary>Tells one event after another.</summary>
    private sealed class Teller(Shown shown, CauseFinder? causes, StreamState? state)
    {
        private string before = "";

        public async Task TellAsync(PastEvent e, CancellationToken cancellation)
        {
            var chain = new List<(CausingMessage Message, PastEvent? Event)>();
            if (causes is not null)
            {
                await foreach (var cause in causes.FindAsync(e, cancellation))
                    chain.Add(cause);
            }

            var (sentence, problem) = Read(e);
            if (shown.IsJson)
                System.Console.WriteLine(Json(e, sentence, problem, chain).ToJsonString(Wire.Json));
            else
                Write(e, sentence ?? problem!, chain);
        }

        /// <summary>What an event says, after which the state has moved on; or why it cannot be read, after which there is none.</summary>
        private (string? Sentence, string? Problem) Read(PastEvent e)
        {
            try
            {
                var @event = e.Read();
                state?.Evolve(@event);
                return (Sentences.Of(@event), null);
            }
            catch (Exception x) when (Unreadable.Is(x))
            {
                state = null;
                return (null, $"{CausingMessage.Short(e.WireName)} cannot be read: {Failure.OneLine(x.Message)}");
            }
        }

        private void Write(PastEvent e, string sentence, List<(CausingMessage Message, PastEvent? Event)> chain)
        {
            var cause = CausingMessage.Of(e);
            System.Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{e.Version,6}  {Time(e.At)}  {Who(e, cause),-24}  {sentence}{(cause is null ? "" : $" <- {cause.Told}")}"));
            foreach (var (message, asking) in chain)
            {
                System.Console.WriteLine(asking is null
                    ? $"          <- {message.Told}"
                    : string.Create(
                        CultureInfo.InvariantCulture,
                        $"          <- {message.Told}{(message.IsEvent ? ", " : ", which follows from ")}"
                        + $"event {asking.Version} of {StreamKind.Describe(asking.Stream)}: {Said(asking)}"));
            }

            if (!shown.WithState || state is null)
                return;
            var lines = state.Lines();
            var text = string.Join('\n', lines);
            if (text != before)
            {
                foreach (var line in lines)
                    System.Console.WriteLine($"          | {line}");
            }

            before = text;
        }

        private JsonObject Json(
            PastEvent e, string? sentence, string? problem, List<(CausingMessage Message, PastEvent? Event)> chain)
        {
            var cause = CausingMessage.Of(e);
            var told = new JsonObject
            {
                ["version"] = e.Version,
                ["at"] = e.At,
                ["sequence"] = e.Sequence,
                ["stream"] = e.Stream,
                ["id"] = e.Id,
                ["type"] = e.WireName,
                ["statedBy"] = Producer(e),
                ["decider"] = cause?.Decider,
                ["rule"] = cause?.Rule,
                ["what"] = sentence,
                ["problem"] = problem,
                ["correlationId"] = e.CorrelationId,
                ["cause"] = cause is null ? null : Json(cause, null),
                ["event"] = JsonNode.Parse(e.Body),
            };
            if (causes is not null)
                told["causes"] = new JsonArray([.. chain.Select(each => Json(each.Message, each.Event))]);
            if (shown.WithState)
                told["state"] = state?.Json();
            return told;
        }

        private static JsonObject Json(CausingMessage message, PastEvent? asking)
        {
            var told = new JsonObject { ["type"] = message.WireName, ["id"] = message.Id, ["message"] = message.Body.DeepClone() };
            if (asking is not null)
            {
                told["stream"] = asking.Stream;
                told["version"] = asking.Version;
                told["what"] = Said(asking);
            }

            return told;
        }

        private static string Said(PastEvent e)
        {
            try
            {
                return Sentences.Of(e.Read());
            }
            catch (Exception x) when (Unreadable.Is(x))
            {
                return $"it cannot be read: {Failure.OneLine(x.Message)}";
            }
        }

        private static string Who(PastEvent e, CausingMessage? cause) => cause is null
            ? Producer(e) ?? "nobody known"
            : string.Create(CultureInfo.InvariantCulture, $"{Producer(e) ?? "nobody known"} ({cause.Decider} {cause.Rule})");

        private static string? Producer(PastEvent e) => (Wire.TypeOf(e.WireName) ?? Try(e)?.GetType()) is { } type
            ? Catalog.Entries.FirstOrDefault(entry => entry.Message == type)?.Producer
            : null;

        private static IDomainEvent? Try(PastEvent e)
        {
            try
            {
                return e.Read();
            }
            catch (Exception x) when (Unreadable.Is(x))
            {
                return null;
            }
        }

        private static string Time(DateTimeOffset at) =>
            at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
    }
}
