using System.Text.Json;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Settings;

namespace JustRunIt.Events.Tests;

/// <summary>What is compared as text is the same text, and what has names is said by them.</summary>
public sealed class PolicyTests
{
    [Fact]
    public void A_policy_that_comes_back_in_another_order_is_the_same()
    {
        // As a database that orders keys by their length gives it back.
        var stored = """{"weights":{"memory":2,"frequency":3}}""";
        var read = JsonSerializer.Deserialize<PlacingPolicy>(stored, Wire.Json)!;
        var configured = new PlacingPolicy { Weights = new Dictionary<string, double> { ["frequency"] = 3, ["memory"] = 2 } };
        Assert.Equal(JsonSerializer.Serialize(configured, Wire.Json), JsonSerializer.Serialize(read, Wire.Json));
    }

    [Theory]
    [InlineData("99")]
    [InlineData("0")]
    [InlineData("\"nosuch\"")]
    public void A_number_is_no_name_of_a_role(string role) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<MachineRole>(role, Wire.Json));
}
