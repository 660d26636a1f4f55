using System.Text.Json;

namespace JustRunIt.HostAgent.Power;

/// <summary>References between resources (DSP0266, §9.5.4: <c>@odata.id</c>).</summary>
internal static class RedfishLink
{
    /// <summary>Where a reference points to; null when it is none.</summary>
    public static string? Of(JsonElement reference) =>
        reference.ValueKind == JsonValueKind.Object && reference.TryGetProperty("@odata.id", out var id) ? id.GetString() : null;

    /// <summary>Where a property of a resource points to; null when it has none.</summary>
    public static string? Of(JsonElement resource, string property) =>
        resource.TryGetProperty(property, out var reference) ? Of(reference) : null;

    /// <summary>Where the members of a collection are.</summary>
    public static IReadOnlyList<string> Members(JsonElement collection) =>
        collection.TryGetProperty("Members", out var members) && members.ValueKind == JsonValueKind.Array
            ? [.. members.EnumerateArray().Select(Of).OfType<string>()]
            : [];
}
