using System.Globalization;
using System.Text.Json;

namespace JustRunIt.Events.Auditing;

/// <summary>
/// Compares JSON texts. A store may keep the text in a form of its own (PostgreSQL's <c>jsonb</c> has its own order of fields, and 1E-05 as
/// 0.00001): names and values count, to the last digit, their order within an object and their spelling do not.
/// </summary>
internal static class JsonDifferences
{
    private const int Most = 50;

    /// <summary>The places at which two texts differ, at most so many; none when they are the same.</summary>
    /// <param name="path">Where both stand.</param>
    /// <param name="recorded">What is stored.</param>
    /// <param name="decided">What should be.</param>
    public static IReadOnlyList<Difference> Between(string path, JsonElement recorded, JsonElement decided)
    {
        var found = new List<Difference>();
        Add(path, recorded, decided, found);
        return found;
    }

    private static void Add(string path, JsonElement recorded, JsonElement decided, List<Difference> found)
    {
        if (found.Count >= Most || JsonElement.DeepEquals(recorded, decided))
            return;
        switch (recorded.ValueKind, decided.ValueKind)
        {
            case (JsonValueKind.Object, JsonValueKind.Object):
                AddFields(path, recorded, decided, found);
                break;
            case (JsonValueKind.Array, JsonValueKind.Array):
                AddItems(path, recorded, decided, found);
                break;
            // A store's numbers may have no negative zero.
            case (JsonValueKind.Number, JsonValueKind.Number) when recorded.GetDouble() == 0 && decided.GetDouble() == 0:
                break;
            default:
                found.Add(new Difference(path, recorded.GetRawText(), decided.GetRawText()));
                break;
        }
    }

    private static void AddFields(string path, JsonElement recorded, JsonElement decided, List<Difference> found)
    {
        foreach (var field in recorded.EnumerateObject())
        {
            var at = $"{path}{Step(field.Name)}";
            if (decided.TryGetProperty(field.Name, out var other))
                Add(at, field.Value, other, found);
            else
                found.Add(new Difference(at, field.Value.GetRawText(), null));
        }

        foreach (var field in decided.EnumerateObject())
        {
            if (!recorded.TryGetProperty(field.Name, out _))
                found.Add(new Difference($"{path}{Step(field.Name)}", null, field.Value.GetRawText()));
        }
    }

    private static void AddItems(string path, JsonElement recorded, JsonElement decided, List<Difference> found)
    {
        var (before, after) = (recorded.GetArrayLength(), decided.GetArrayLength());
        for (var i = 0; i < Math.Max(before, after); i++)
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]");
            if (i < before && i < after)
                Add(at, recorded[i], decided[i], found);
            else
                found.Add(new Difference(at, i < before ? recorded[i].GetRawText() : null, i < after ? decided[i].GetRawText() : null));
        }
    }

    /// <summary>A field's name behind a path.</summary>
    private static string Step(string name) =>
        name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? $".{name}" : $"[{JsonSerializer.Serialize(name)}]";
}
