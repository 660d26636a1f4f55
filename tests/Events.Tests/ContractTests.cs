using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using JustRunIt.Events.Messaging;
using PublicApiGenerator;

namespace JustRunIt.Events.Tests;

/// <summary>
/// Contracts are approved: changing one is a visible difference in <c>Approved/</c> or <c>docs/</c>. Run with the environment
/// variable JUSTRUNIT_APPROVE=1 to write what is there now.
/// </summary>
public sealed class ContractTests
{
    private static readonly string Repository = Path.GetFullPath(Path.Combine(Here(), "..", ".."));
    private static readonly JsonSerializerOptions Indented = new(Wire.Json)
    {
        WriteIndented = true,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    public static TheoryData<string> WireNames => [.. Wire.Types.Select(Wire.NameOf).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(WireNames))]
    public void The_JSON_of_a_message_is_as_approved_and_reads_back_as_it_was_written(string wireName)
    {
        var type = Wire.TypeOf(wireName)!;
        var json = JsonSerializer.Serialize(Examples.Of(type), type, Indented);
        Assert.Equal(json, JsonSerializer.Serialize(JsonSerializer.Deserialize(json, type, Wire.Json), type, Indented));
        Approve(Path.Combine(Here(), "Approved", $"{wireName}.json"), json);
    }

    [Theory]
    [MemberData(nameof(WireNames))]
    public void The_JSON_schema_of_a_message_is_published(string wireName) => Approve(
        Path.Combine(Repository, "docs", "schemas", $"{wireName}.json"),
        Schemas.Of(Wire.TypeOf(wireName)!).ToJsonString(Indented));

    [Fact]
    public void The_public_API_is_as_approved() => Approve(
        Path.Combine(Here(), "Approved", "PublicApi.txt"),
        typeof(Wire).Assembly.GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false }));

    [Fact]
    public void A_message_that_lacks_a_field_is_refused_by_name()
    {
        var problem = Assert.Throws<JsonException>(
            () => JsonSerializer.Deserialize<Hosts.DestroyClone>("{\"subject\":\"matrix-1\",\"agent\":null}", Wire.Json));
        Assert.Contains("agent", problem.Message, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>A message with a value in every field, the same each time.</summary>
    internal static object ExampleOf(Type type) => Examples.Of(type);

    private static void Approve(string file, string actual)
    {
        actual = actual.ReplaceLineEndings("\n").TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable("JUSTRUNIT_APPROVE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, actual);
        }

        Assert.True(File.Exists(file), $"{file} is missing; run the tests once with JUSTRUNIT_APPROVE=1 and look at the difference");
        Assert.Equal(File.ReadAllText(file), actual);
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
