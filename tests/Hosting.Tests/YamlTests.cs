using JustRunIt.Hosting.Configuration;

namespace JustRunIt.Hosting.Tests;

public sealed class YamlTests : IDisposable
{
    private const int Brackets = 100_000;
    private readonly string file = Path.GetTempFileName();

    public static TheoryData<string, string> Deep => new()
    {
        { "flow lists", new string('[', Brackets) },
        { "flow lists that are closed", new string('[', Brackets) + new string(']', Brackets) },
        { "flow groups", string.Concat(Enumerable.Repeat("{a: ", Brackets)) },
        { "flow groups as JSON", string.Concat(Enumerable.Repeat("{\"a\":", Brackets)) + "1" + new string('}', Brackets) },
        { "block lists", string.Concat(Enumerable.Repeat("- ", Brackets)) + "a" },
        { "block groups", string.Concat(Enumerable.Range(0, 2_000).Select(i => $"{new string(' ', i)}a:\n")) },
        { "groups as names", string.Concat(Enumerable.Repeat("? ", Brackets)) + "a" },
        { "flow groups as names", string.Concat(Enumerable.Repeat("{? ", Brackets)) },
    };

    public void Dispose() => File.Delete(file);

    [Theory]
    [MemberData(nameof(Deep))]
    public void What_is_nested_without_end_is_one_line_and_no_end_of_the_process(string what, string text)
    {
        var error = Read(text);
        Assert.True(
            error.Contains($"more than {ShallowParser.Deepest} groups and lists", StringComparison.Ordinal)
                || error.Contains("the name of a field must be text", StringComparison.Ordinal),
            $"{what}: {error}");
    }

    [Fact]
    public void A_name_that_is_a_group_of_aliases_is_not_built()
    {
        // Each level doubles the one before: compared by value, 2^40 nodes.
        var levels = string.Concat(Enumerable.Range(1, 40).Select(i => $"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n"));
        Assert.Contains("the name of a field must be text", Read($"a0: &a0 x\n{levels}? *a40\n: 1\n"));
    }

    [Fact]
    public void What_is_as_deep_as_allowed_is_read()
    {
        File.WriteAllText(file, new string('[', ShallowParser.Deepest) + "a" + new string(']', ShallowParser.Deepest));
        var field = YamlField.Root(file);
        for (var level = 0; level < ShallowParser.Deepest; level++)
            field = Assert.Single(field.List());
        Assert.Equal("a", field.Text());
    }

    private string Read(string text)
    {
        File.WriteAllText(file, text);
        var error = Assert.Throws<ConfigurationException>(() => YamlField.Root(file)).Message;
        Assert.Matches($"^{System.Text.RegularExpressions.Regex.Escape(file)}:\\d+: ", error);
        Assert.DoesNotContain('\n', error);
        return error;
    }
}
