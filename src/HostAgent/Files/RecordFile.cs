using System.Text.Json;
using JustRunIt.Events.Messaging;
using JustRunIt.HostAgent.Machines;

namespace JustRunIt.HostAgent.Files;

/// <summary>
/// A record of the agent's for its next start: a JSON file with its kind, version and owner, replaced as a whole, the one before kept.
/// What cannot be read is kept beside, told, and the one before it is read; nothing that runs depends on its being right
/// (docs/decisions/0029-unknown-is-left-running.md).
/// </summary>
/// <typeparam name="T">What it holds.</typeparam>
/// <param name="path">Path of the file.</param>
/// <param name="kind">What record it is, such as <c>running</c>.</param>
/// <param name="owner">Mark of the agent that it is of (<see cref="Configuration.AgentSettings.Id"/>).</param>
/// <param name="read">Reads what it holds; throws when it is none of it. Null to read it as it was written.</param>
/// <param name="json">How it is written and read; null as messages are.</param>
internal sealed class RecordFile<T>(
    string path, string kind, string owner, Func<JsonElement, T>? read = null, JsonSerializerOptions? json = null)
    where T : class
{
    /// <summary>The version that is written; older ones are read, newer ones are not.</summary>
    public const int Version = 1;

    /// <summary>Longer than any that an agent writes: what is longer is not read into memory.</summary>
    private const long MaximumBytes = 64 << 20;

    private const string RecordExtension = ".json";
    private const string Unreadable = ".unreadable";
    private const string PreviousMark = ".1";

    /// <summary>Path of the file.</summary>
    public string Path => path;

    /// <summary>Path of the one before.</summary>
    public string Previous => path + PreviousMark;

    /// <summary>Whether a file is not yet written, the one before, or kept because it cannot be read.</summary>
    public static bool IsBeside(string file) => file.EndsWith(WholeFile.Next, StringComparison.Ordinal)
        || file.EndsWith(RecordExtension + PreviousMark, StringComparison.Ordinal)
        || file.Contains(RecordExtension + Unreadable, StringComparison.Ordinal);

    /// <summary>Reads it, or the one before where that cannot be. A file that cannot be read is renamed, and kept.</summary>
    public RecordReading<T> Read()
    {
        var problems = new List<string>();
        var newest = TryRead(path, problems);
        if (newest is not null)
            return new RecordReading<T>(newest, IsNewest: true, problems);
        if (problems.Count == 0 && !System.IO.Path.Exists(Previous))
            return new RecordReading<T>(null, IsNewest: true, problems);
        if (problems.Count == 0)
            problems.Add($"{path} is not there");
        else
            SetAside(problems);
        var before = TryRead(Previous, problems);
        problems.Add(before is null ? "nothing is read in its place" : $"{Previous} is read in its place");
        return new RecordReading<T>(before, IsNewest: false, problems);
    }

    /// <summary>Reads one file, and changes nothing; null when it is not there or cannot be read.</summary>
    public T? TryRead(string file, List<string> problems)
    {
        try
        {
            if (!System.IO.Path.Exists(file))
                return null;
            using var document = JsonDocument.Parse(BytesOf(file));
            return ContentOf(document.RootElement);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Cut off, of another version, or somebody else's: what its text makes our own types throw is any exception.
            problems.Add($"{file} cannot be read ({HostException.OneLine(e)})");
            return null;
        }
    }

    /// <summary>Replaces it, and keeps the one before.</summary>
    /// <exception cref="IOException">It cannot be written; what was saved before is still there.</exception>
    public void Save(T content) => WholeFile.Write(path, Bytes(content), Previous);

    /// <summary>Replaces it, and keeps none: for what is written under a name of its own.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void SaveOnce(T content) => WholeFile.Write(path, Bytes(content), previous: null);

    /// <summary>Removes it and the one before. What is gone is no error.</summary>
    public void Delete()
    {
        if (!Directory.Exists(System.IO.Path.GetDirectoryName(path)))
            return;
        // The one before last: a kill in between must not bring it back.
        File.Delete(Previous);
        File.Delete(path);
    }

    private byte[] Bytes(T content) => JsonSerializer.SerializeToUtf8Bytes(new Envelope(kind, Version, owner, content), json ?? Wire.Json);

    private static byte[] BytesOf(string file)
    {
        using var handle = Posix.OpenRegular(file);
        var length = RandomAccess.GetLength(handle);
        if (length > MaximumBytes)
            throw new IOException($"it has {length} bytes; a record has at most {MaximumBytes}");
        var bytes = new byte[length];
        for (var at = 0; at < bytes.Length;)
        {
            var got = RandomAccess.Read(handle, bytes.AsSpan(at), at);
            if (got == 0)
                throw new IOException("it became shorter while it was read");
            at += got;
        }

        return bytes;
    }

    private T ContentOf(JsonElement root)
    {
        if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("record", out var of)
            && root.TryGetProperty("content", out var content) && root.TryGetProperty("version", out var version))
        {
            if (of.GetString() != kind)
                throw new JsonException($"it is a record of '{of.GetString()}', not of '{kind}'");
            if (version.GetInt32() > Version)
                throw new JsonException($"it is of version {version.GetInt32()}; this agent knows those up to {Version}");
            if (root.TryGetProperty("owner", out var whose) && whose.GetString() is { } other && other != owner)
                throw new JsonException("it is the record of an agent with another state folder");
            return Content(content);
        }

        // As agents wrote it that had no versions yet.
        return Content(root);
    }

    private T Content(JsonElement content) =>
        (read is null ? content.Deserialize<T>(json ?? Wire.Json) : read(content)) ?? throw new JsonException("it holds nothing");

    private void SetAside(List<string> problems)
    {
        try
        {
            var aside = path + Unreadable;
            for (var number = 2; System.IO.Path.Exists(aside); number++)
                aside = $"{path}{Unreadable}-{number}";
            if (Directory.Exists(path))
                Directory.Move(path, aside);
            else
                File.Move(path, aside);
            problems.Add($"it is kept as {aside}");
        }
        catch (Exception e) when (HostException.IsOfTheSystem(e))
        {
            problems.Add($"it cannot be kept beside: {HostException.OneLine(e)}");
        }
    }

    private sealed record Envelope(string Record, int Version, string Owner, T Content);
}

/// <summary>What a record says.</summary>
/// <typeparam name="T">What it holds.</typeparam>
/// <param name="Content">What it holds; null when there is none, or none that can be read.</param>
/// <param name="IsNewest">Whether it is what was written last; also true where nothing ever was.</param>
/// <param name="Problems">What could not be read, and what was done about it.</param>
internal sealed record RecordReading<T>(T? Content, bool IsNewest, IReadOnlyList<string> Problems)
    where T : class
{
    /// <summary>All of what is wrong on one line; null when nothing is.</summary>
    public string? Problem => Problems.Count == 0 ? null : string.Join("; ", Problems);
}
