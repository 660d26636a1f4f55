using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using JustRunIt.Events.Store.History;
using JustRunIt.Infrastructure.Peers;

namespace JustRunIt.Events.Store.Tests;

/// <summary>
/// What is exported is verified by a program that has nothing of ours, and whatever somebody changes in the file is found by it.
/// </summary>
public sealed class ExportTests : SealedScene
{
    private static readonly string Verifier = Path.Combine(AppContext.BaseDirectory, "Outsiders", "verify.mjs");

    [Fact]
    public async Task Streams_are_verified_without_our_program_and_database()
    {
        var (stream, other) = (await StreamOfAsync(6), await StreamOfAsync(22));
        var file = await ExportAsync(stream, other);
        var told = await VerifyAsync(file, await KeyFileAsync());
        Assert.Contains($"{stream}: 5 events, from its first, none missing between", told);
        Assert.Contains($"{other}: 3 events, from its first, none missing between", told);
        Assert.Contains("8 of 8 events are in the tree of 24 events of log, whose checkpoint is signed with this key", told);
        Assert.DoesNotContain("no schema", told);
    }

    [Fact]
    public async Task What_came_after_the_checkpoint_is_hashed_only()
    {
        var matrix = Guid.NewGuid();
        await Scene.AppendAsync(matrix, 2);
        var told = await VerifyAsync(await ExportAsync(await StreamOfAsync(1), Messaging.Streams.Matrix(matrix)), null);
        Assert.Contains("5 of 7 events are in the tree of 24 events of log; the signature was not looked at (--key)", told);
    }

    [Fact]
    public async Task Before_the_first_checkpoint_there_are_hashes()
    {
        await ChangeAsync("DELETE FROM {0} WHERE stream_id LIKE 'seal-%'");
        Assert.Contains("5 events are hashed; no checkpoint is there", await VerifyAsync(await ExportAsync(await StreamOfAsync(1)), null));
    }

    [Fact]
    public async Task A_store_that_was_changed_is_not_exported()
    {
        await ChangeAsync("UPDATE {0} SET data = data || '{{\"detail\": \"changed\"}}' WHERE seq_id = 7;" + Rehashed);
        await Assert.ThrowsAsync<StoreChangedException>(async () => await ExportAsync(await StreamOfAsync(1)));
        await ChangeAsync("DELETE FROM {1} WHERE seq_id = 1");
        await Assert.ThrowsAsync<StoreChangedException>(async () => await ExportAsync(await StreamOfAsync(1)));
    }

    /// <summary>Each change leaves lines of the right form.</summary>
    public static TheoryData<string> Changes => [.. AllChanges.Keys];

    private static Dictionary<string, Func<List<JsonObject>, List<JsonObject>>> AllChanges { get; } = new()
    {
        ["a body is changed"] = lines => Event(lines, 2, line => line["canonical"] = Replaced(line, "\"version\" : 3", "\"version\" : 3 ")),
        ["a body and its hash are changed"] = lines => Event(lines, 4, line =>
        {
            line["canonical"] = Replaced(line, "\"version\" : 5", "\"version\" : 5 ");
            var before = Convert.FromBase64String((string)lines.Where(IsEvent).ElementAt(3)["hash"]!);
            line["hash"] = Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(
                [.. before, .. Convert.FromBase64String((string)line["canonical"]!)]));
        }),
        ["an event is removed"] = lines => [.. lines.Except([lines.Where(IsEvent).ElementAt(2)])],
        ["the last event is removed"] = lines => [.. lines.Except([lines.Last(IsEvent)])],
        ["two events are swapped"] = lines => Swapped(lines, lines.Where(IsEvent).ElementAt(1), lines.Where(IsEvent).ElementAt(2)),
        ["an event is there twice"] = lines =>
            [.. lines.SelectMany(line => line == lines.Last(IsEvent) ? [line, Copy(line)] : new[] { line })],
        ["the end is cut off"] = lines => lines[..^1],
        ["the begin is cut off"] = lines => lines[1..],
        ["a proof is another's"] = lines =>
            Event(lines, 2, line => line["proof"] = lines.Where(IsEvent).ElementAt(3)["proof"]!.DeepClone()),
        ["a proof lacks a step"] = lines => Event(lines, 2, line => line["proof"]!.AsArray().RemoveAt(0)),
        ["a leaf is another"] = lines => Event(lines, 2, line => line["leaf"] = 0),
        ["a leaf is no number"] = lines => Event(lines, 2, line => line["leaf"] = "many"),
        ["the root is another"] = lines => First(lines, line =>
            line["checkpoint"] = ((string)line["checkpoint"]!).Replace("log\n24\n", "log\n23\n", StringComparison.Ordinal)),
        ["the signature is another's"] = lines => First(lines, line => line["checkpoint"] = Unsigned((string)line["checkpoint"]!)),
        ["a stream is not there"] = lines => First(lines, line => line["streams"] = new JsonArray("matrix-of-nobody")),
        ["a format is of tomorrow"] = lines => First(lines, line => line["format"] = "justrunit-export/2"),
        ["a kind is of tomorrow"] = lines => Event(lines, 0, line => line["kind"] = "happening"),
        ["there is no hash"] = lines => Event(lines, 0, line => line.Remove("hash")),
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task What_was_changed_in_the_file_is_found(string change)
    {
        var file = await ExportAsync(await StreamOfAsync(6));
        var lines = (await File.ReadAllLinesAsync(file)).Select(line => JsonNode.Parse(line)!.AsObject()).ToList();
        await File.WriteAllLinesAsync(file, AllChanges[change](lines).Select(line => line.ToJsonString()));
        var found = await Assert.ThrowsAsync<InvalidOperationException>(async () => await VerifyAsync(file, await KeyFileAsync()));
        Assert.Contains("not as it was sealed: ", found.Message);
    }

    private async Task<string> ExportAsync(params string[] streams)
    {
        await using var snapshot = await StoreSnapshot.OpenAsync(Scene.Connections.Postgres, CancellationToken.None);
        var file = Path.Combine(Folder, "export.jsonl");
        await using var writer = new StreamWriter(file);
        await new StreamExport((await snapshot.SealsAsync(CancellationToken.None))!).WriteAsync(streams, writer, CancellationToken.None);
        return file;
    }

    private async Task<string> KeyFileAsync()
    {
        var file = Path.Combine(Folder, "key.pem");
        await File.WriteAllTextAsync(file, Key.Pem);
        return file;
    }

    private static Task<string> VerifyAsync(string file, string? key) =>
        PeerProcess.RunAsync("node", key is null ? [Verifier, file] : [Verifier, file, "--key", key]);

    private static bool IsEvent(JsonObject line) => (string)line["kind"]! == "event";

    private static List<JsonObject> Event(List<JsonObject> lines, int number, Action<JsonObject> change)
    {
        change(lines.Where(IsEvent).ElementAt(number));
        return lines;
    }

    private static List<JsonObject> First(List<JsonObject> lines, Action<JsonObject> change)
    {
        change(lines[0]);
        return lines;
    }

    private static List<JsonObject> Swapped(List<JsonObject> lines, JsonObject one, JsonObject other) =>
        [.. lines.Select(line => line == one ? other : line == other ? one : line)];

    private static JsonObject Copy(JsonObject line) => line.DeepClone().AsObject();

    private static string Replaced(JsonObject line, string what, string with)
    {
        var text = Encoding.UTF8.GetString(Convert.FromBase64String((string)line["canonical"]!));
        Assert.Contains(what, text);
        return Convert.ToBase64String(Encoding.UTF8.GetBytes(text.Replace(what, with, StringComparison.Ordinal)));
    }

    /// <summary>A note with a signature of the right form and key that is not of this text.</summary>
    private static string Unsigned(string note)
    {
        var place = note.TrimEnd('\n').Length - 12;
        return note[..place] + (note[place] == 'A' ? 'B' : 'A') + note[(place + 1)..];
    }
}
