using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using JustRunIt.Events.Messaging;

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
