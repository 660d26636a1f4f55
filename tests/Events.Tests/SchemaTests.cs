using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Tests;

/// <summary>What is on the wire fits the published schema, by the word of a validator that we did not write.</summary>
public sealed class SchemaTests
{
    public static TheoryData<string> WireNames => ContractTests.WireNames;

    [Theory]
    [MemberData(nameof(WireNames))]
    public void The_example_of_a_message_fits_its_schema_and_without_a_needed_field_it_does_not(string wireName)
    {
        var type = Wire.TypeOf(wireName)!;
        var schema = JsonSchema.FromText(Schemas.Of(type).ToJsonString());
        var example = JsonSerializer.SerializeToNode(ContractTests.ExampleOf(type), type, Wire.Json)!.AsObject();
        Assert.True(Fits(schema, example), wireName);
        foreach (var field in Schemas.Of(type)["required"]?.AsArray().Select(name => (string)name!) ?? [])
        {
            var without = example.DeepClone().AsObject();
            without.Remove(field);
            Assert.False(Fits(schema, without), $"{wireName} without {field}");
            Assert.ThrowsAny<JsonException>(() => without.Deserialize(type, Wire.Json));
        }
    }

    [Theory]
    [MemberData(nameof(WireNames))]
    public void No_number_is_written_that_readers_with_doubles_cannot_read(string wireName) =>
        Assert.DoesNotContain("ulong", Unsigned(Wire.TypeOf(wireName)!));

    [Theory]
    [MemberData(nameof(WireNames))]
    public void Every_number_of_64_bits_is_bounded_by_what_readers_with_doubles_can_read(string wireName)
    {
        var type = Wire.TypeOf(wireName)!;
        var names = Wide(type, []).Select(JsonNamingPolicy.CamelCase.ConvertName).ToHashSet(StringComparer.Ordinal);
        var bounded = Properties(Schemas.Of(type)).Where(property => names.Contains(property.Key)).ToList();
        Assert.Equal(names.Order(), bounded.Select(property => property.Key).Distinct().Order());
        Assert.All(bounded, property => Assert.Equal(
            Wire.MostWhole, (long?)(property.Value!["additionalProperties"] ?? property.Value)["maximum"]));
    }

    [Fact]
    public void A_window_with_more_requests_than_that_fits_no_schema()
    {
        var schema = JsonSchema.FromText(Schemas.Of(typeof(ExternalWindowReported)).ToJsonString());
        var window = JsonSerializer.SerializeToNode(ContractTests.ExampleOf(typeof(ExternalWindowReported)), Wire.Json)!.AsObject();
        window["requests"] = Wire.MostWhole;
        Assert.True(Fits(schema, window));
        window["requests"] = Wire.MostWhole + 1;
        Assert.False(Fits(schema, window));
        var read = window.Deserialize<ExternalWindowReported>(Wire.Json)!;
        Assert.Equal(
            "requests: 9007199254740992 must be at most 9007199254740991",
            (read with { To = read.From + TimeSpan.FromSeconds(10), Mean = TimeSpan.Zero }).Problem());
    }

    /// <summary>Names of the whole numbers of 64 bits in a message, however deep.</summary>
    private static IEnumerable<string> Wide(Type type, HashSet<Type> seen)
    {
        foreach (var property in type.GetProperties().Where(property => property.GetIndexParameters().Length == 0))
        {
            var inner = property.PropertyType.GetGenericArguments().Prepend(property.PropertyType).ToList();
            if (inner.Exists(part => part == typeof(long) || part == typeof(ulong)))
                yield return property.Name;
            foreach (var part in inner.Where(part => part.Assembly == typeof(Wire).Assembly && !part.IsEnum && IsWrittenByProperties(part)))
            {
                foreach (var name in seen.Add(part) ? Wide(part, seen) : [])
                    yield return name;
            }
        }
    }

    private static bool IsWrittenByProperties(Type type) =>
        !type.IsDefined(typeof(System.Text.Json.Serialization.JsonConverterAttribute), inherit: false);

    /// <summary>Schemas of all properties, however deep.</summary>
    private static IEnumerable<KeyValuePair<string, JsonNode?>> Properties(JsonNode? schema) => schema switch
    {
        JsonObject node => (node["properties"]?.AsObject() ?? []).Concat(node.SelectMany(entry => Properties(entry.Value))),
        JsonArray list => list.SelectMany(Properties),
        _ => [],
    };

    private static bool Fits(JsonSchema schema, JsonObject message) =>
        schema.Evaluate(JsonSerializer.SerializeToElement(message)).IsValid;

    /// <summary>A number of 64 bits without sign is one that may exceed 2^53: it is written as a string.</summary>
    private static IEnumerable<string> Unsigned(Type message) =>
        from property in message.GetProperties()
        where property.PropertyType == typeof(ulong)
        let json = JsonSerializer.SerializeToNode(ContractTests.ExampleOf(message), message, Wire.Json)!
        where json[JsonNamingPolicy.CamelCase.ConvertName(property.Name)]!.GetValueKind() != JsonValueKind.String
        select "ulong";
}
