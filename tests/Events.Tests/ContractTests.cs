using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
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
        var json = JsonSerializer.Serialize(Example.Of(type), type, Indented);
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
    internal static object ExampleOf(Type type) => Example.Of(type);

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

    /// <summary>A message with a value in every field, the same each time.</summary>
    private static class Example
    {
        public static object Of(Type type)
        {
            if (Nullable.GetUnderlyingType(type) is { } underlying)
                return Of(underlying);
            if (type == typeof(string))
                return "text";
            if (type == typeof(Guid))
                return Guid.Parse("01234567-89ab-cdef-0123-456789abcdef");
            if (type == typeof(DateTimeOffset))
                return new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
            if (type == typeof(TimeSpan))
                return TimeSpan.FromMilliseconds(1234.5);
            if (type == typeof(CpuShare))
                return new CpuShare(0.6);
            if (type == typeof(MemorySize))
                return MemorySize.FromMebibytes(256);
            if (type == typeof(Frequency))
                return Frequency.FromMegahertz(1800);
            if (type == typeof(Allocation))
                return Allocation.Of(new CpuShare(0.6), MemorySize.FromMebibytes(256), Frequency.FromMegahertz(1800)).With("threads", 8);
            if (type == typeof(Measurement))
                return Measurement.Of(MetricNames.MeanMs, 231.5, 3.25).With(MetricNames.ThroughputPerSecond, 18.5);
            if (type == typeof(Watts))
                return new Watts(80.5);
            if (type == typeof(Cell))
                return new Cell(1, 2);
            if (type == typeof(bool))
                return true;
            if (type.IsEnum)
                return Enum.GetValues(type).GetValue(0)!;
            if (type.IsPrimitive)
                return Convert.ChangeType(7, type);
            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
            {
                var list = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(type.GetGenericArguments()))!;
                list.Add(Of(type.GetGenericArguments()[0]));
                return list;
            }

            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
            {
                var map = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(type.GetGenericArguments()))!;
                map.Add("key", Of(type.GetGenericArguments()[1]));
                return map;
            }

            var constructor = type.GetConstructors().MaxBy(candidate => candidate.GetParameters().Length)!;
            return constructor.Invoke([.. constructor.GetParameters().Select(parameter => Of(parameter.ParameterType))]);
        }
    }
}
