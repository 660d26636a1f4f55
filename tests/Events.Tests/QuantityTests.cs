using System.Text.Json;
using CsCheck;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Tests;

/// <summary>Values hold what they promise, however they came to be: their defaults too, and what is read from JSON.</summary>
public sealed class QuantityTests
{
    [Fact]
    public void The_default_of_every_value_type_is_a_value_that_it_allows()
    {
        Assert.Equal(1, default(Frequency).Hertz);
        Assert.Equal(new Frequency(1), default);
        Assert.Equal((0.0, 0L, 0.0), (default(Watts).Value, default(MemorySize).Bytes, default(CpuShare).Cores));
        foreach (var value in new object[]
        {
            default(Frequency), default(Watts), default(MemorySize), default(CpuShare), default(MetricValue)
        })
            Assert.Equal(value, JsonSerializer.Deserialize(JsonSerializer.Serialize(value, Wire.Json), value.GetType(), Wire.Json));
    }

    [Theory]
    [InlineData(-5)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void What_is_not_a_quantity_cannot_be_made(double value)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Watts(value));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CpuShare(value));
        Assert.Throws<ArgumentOutOfRangeException>(() => CpuShare.FromPercent(value));
        Assert.Throws<ArgumentOutOfRangeException>(() => MemorySize.FromMebibytes(value));
        Assert.Throws<ArgumentOutOfRangeException>(() => Frequency.FromMegahertz(value));
        Assert.Throws<ArgumentException>(() => new Allocation([KeyValuePair.Create("cpu", value)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MetricValue(1, value));
    }

    [Fact]
    public void What_is_too_large_is_refused_and_does_not_wrap_around()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => MemorySize.FromMebibytes(1e19));
        Assert.Throws<ArgumentOutOfRangeException>(() => Frequency.FromMegahertz(1e15));
        Assert.Throws<OverflowException>(() => new MemorySize(long.MaxValue) + new MemorySize(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CpuShare(double.MaxValue) + new CpuShare(double.MaxValue));
    }

    [Theory]
    [InlineData(typeof(Watts), "-1")]
    [InlineData(typeof(Watts), "1e999")]
    [InlineData(typeof(CpuShare), "1e999")]
    [InlineData(typeof(MemorySize), "-1")]
    [InlineData(typeof(Frequency), "0")]
    [InlineData(typeof(Allocation), "{\"cpu\":-1}")]
    [InlineData(typeof(Allocation), "{\"cpu\":1e999}")]
    [InlineData(typeof(Allocation), "{\"../x\":1}")]
    [InlineData(typeof(Allocation), "{\"\":1}")]
    [InlineData(typeof(Measurement), "{\"meanMs\":{\"value\":1e999}}")]
    [InlineData(typeof(Measurement), "{\"a b\":{\"value\":1}}")]
    [InlineData(typeof(Measurement), "{\"meanMs\":{\"value\":1,\"standardError\":-1}}")]
    public void JSON_that_is_not_a_quantity_is_refused_as_what_its_writer_is_told_of(Type type, string json) =>
        Assert.DoesNotContain('\n', Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(json, type, Wire.Json)).Message);

    [Fact]
    public void An_allocation_is_its_amounts_whatever_the_order_and_keeps_every_byte()
    {
        Gen.Long[0, 1L << 50].Sample(bytes => Allocation.Of(memory: new MemorySize(bytes)).Memory == new MemorySize(bytes));
        var one = new Allocation([KeyValuePair.Create("memory", 256.0), KeyValuePair.Create("cpu", 0.5)]);
        var other = new Allocation([KeyValuePair.Create("cpu", 0.5), KeyValuePair.Create("memory", 256.0)]);
        Assert.Equal(one, other);
        Assert.Equal("{\"cpu\":0.5,\"memory\":256}", JsonSerializer.Serialize(one, Wire.Json));
        Assert.Equal("cpu 50 %, memory 256 MiB", one.ToString());
    }
}
