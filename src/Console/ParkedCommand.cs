using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using JustRunIt.Client.CommandLine;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Store;
using JustRunIt.Events.Store.Relaying;
using Npgsql;

namespace JustRunIt.Console;

/// <summary><c>justrunit parked</c>: messages that the relay could not hand over, and another try.</summary>
internal static class ParkedCommand
{
    private const string All = "all";

    /// <summary>A message that the broker refuses is tried for some seconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(100);
    private static readonly JsonSerializerOptions Indented = new(Wire.Json)
    {
        WriteIndented = true,
        Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter() },
    };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "print what is parked as JSON" };
        var replay = CheckedOption.Create<string>(
            "--replay",
            "ID|all",
            "have the relay try again: the message of this id, or all, in the order in which they were appended",
            "an id that 'parked' lists, or all",
            TryReadId);
        var command = new ExampleCommand(
            "parked",
            "list messages that could not be handed over to the broker, and have them tried again",
            "./justrunit parked --replay all")
        {
            json,
            replay,
        };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(json), parsed.GetValue(replay), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(bool isJson, string? replay, CancellationToken cancellation)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(Connections.FromEnvironment().Postgres) { Pooling = false, Timeout = 5 }.ConnectionString);
        await connection.OpenAsync(cancellation);
        if (replay is not null)
            return await ReplayAsync(connection, replay == All ? null : Guid.Parse(replay), cancellation);

        var parked = await ParkedMessages.ReadAsync(connection, cancellation);
        if (isJson)
            System.Console.WriteLine(JsonSerializer.Serialize(new { parked }, Indented));
        else if (parked.Count == 0)
            System.Console.WriteLine("nothing is parked");
        foreach (var message in isJson ? [] : parked)
            System.Console.WriteLine(Line(message));
        return 0;
    }

    /// <summary>Asks, and waits for what becomes of it.</summary>
    private static async Task<int> ReplayAsync(NpgsqlConnection connection, Guid? id, CancellationToken cancellation)
    {
        var before = (await ParkedMessages.ReadAsync(connection, cancellation)).Where(message => id is null || message.Id == id).ToList();
        if (id is not null && before.Count == 0)
        {
            await System.Console.Error.WriteLineAsync($"parked: --replay: '{id}' is not parked; './justrunit parked' lists what is");
            return CommandProgram.Failed;
        }

        await ParkedMessages.AskAsync(connection, id, cancellation);
        var asked = before.ToDictionary(message => message.Id, message => message.Tries);
        List<ParkedMessage> left;
        var end = TimeProvider.System.GetTimestamp();
        while ((left = [.. (await ParkedMessages.ReadAsync(connection, cancellation)).Where(message => asked.ContainsKey(message.Id))])
            .Any(message => message.IsAsked || message.Tries == asked[message.Id]) && TimeProvider.System.GetElapsedTime(end) < Patience)
        {
            await Task.Delay(BetweenLooks, cancellation);
        }

        System.Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{asked.Count - left.Count} of {asked.Count} were handed over"));
        foreach (var message in left)
        {
            await System.Console.Error.WriteLineAsync(
                message.IsAsked ? $"{message.Id}: no relay has tried it yet; it will as soon as one leads" : Line(message));
        }

        return left.Count == 0 ? 0 : CommandProgram.Failed;
    }

    private static string Line(ParkedMessage message) => string.Create(
        CultureInfo.InvariantCulture,
        $"{message.Id} {message.WireName} of {message.Stream ?? "no stream"} at {message.Version ?? 0} "
        + $"since {message.At:yyyy-MM-ddTHH:mm:ssZ}: "
        + $"{message.Reason}, {message.Problem}");

    private static bool TryReadId(string text, out string id)
    {
        id = text;
        return text == All || Guid.TryParse(text, out _);
    }
}
