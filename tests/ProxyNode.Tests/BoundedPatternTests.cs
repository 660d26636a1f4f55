using System.Text.RegularExpressions;
using CsCheck;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Patterns of rules take a time linear in the text, by whichever engine, and find the same.</summary>
public class BoundedPatternTests
{
    private static readonly Gen<string> Class = Of("a", "b", ".", "[ab]", "[^a]", "[0-9]", "\\d", "\\.", "\\w", "-", "'");
    private static readonly Gen<string> Count = Of("", "", "?", "{2}", "{1,3}", "{0,2}?", "{0}");
    private static readonly Gen<string> Atom = Gen.Select(Class, Count, (one, count) => one + count);
    private static readonly Gen<string> Alternatives = Gen.Select(
        Atom.Array[1, 3], Atom.Array[0, 2], Count, (one, other, count) => $"(?:{string.Concat(one)}|{string.Concat(other)}){count}");

    private static readonly Gen<string> Pattern = Gen.Select(
        Gen.Frequency((2, Atom), (1, Alternatives)).Array[1, 4], parts => string.Concat(parts));

    [Theory]
    [InlineData("'20[0-9]{2}-[0-9]{1,2}-[0-9]{1,2} [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}'", true)]
    [InlineData("[0-9a-f]{32}", true)]
    [InlineData(@"made in \d{1,6}(?:\.\d{1,6})? ms", true)]
    [InlineData("(?:Mon|Tue|Wed), [0-9]{2}", true)]
    [InlineData("jsessionid=[A-F0-9]+", false)]
    [InlineData("a*b", false)]
    [InlineData("(?:a|a){20}", false)]
    [InlineData("(?:a{0,9}){9}", false)]
    [InlineData("[a-z]{5000}", false)]
    [InlineData(@"\p{L}{3}", false)]
    [InlineData("(?i)abc", false)]
    [InlineData("(?<name>a)", false)]
    [InlineData("[0-9]{0,3}", false)]
    [InlineData("(?:a?|b)c", false)]
    public void A_pattern_is_bounded_when_it_looks_at_so_many_characters_and_no_more(string pattern, bool isBounded) =>
        Assert.Equal(isBounded, BoundedPattern.Is(pattern));

    [Fact]
    public void What_is_bounded_finds_what_the_reference_engine_finds() => Gen.Select(Pattern, Gen.String[Gen.Char["ab07.-'\n"], 0, 40])
        .Sample((pattern, text) =>
        {
            if (BoundedPattern.Is(pattern))
                Assert.Equal(new Regex(pattern).Replace(text, "*"), WildcardRules.Pattern(pattern).Replace(text, "*"));
        }, iter: 1_000);

    /// <summary>The linear engine of .NET 10 passes over it.</summary>
    [Fact]
    public void What_begins_with_something_optional_is_found_at_the_place_where_that_is_missing() =>
        Assert.Equal("'77'**7*0.", WildcardRules.Pattern("[0-9]?[ab]").Replace("'77'a7a77a0.", "*"));

    [Theory]
    [InlineData("(a")]
    [InlineData("[a")]
    [InlineData("a{2,1}")]
    public void What_is_no_pattern_is_refused(string pattern) =>
        Assert.ThrowsAny<ArgumentException>(() => WildcardRules.Pattern(pattern));

    [Fact]
    public void What_cannot_be_matched_in_linear_time_is_refused() =>
        Assert.Throws<NotSupportedException>(() => WildcardRules.Pattern(@"(a)\1"));

    private static Gen<string> Of(params string[] all) => Gen.Int[0, all.Length - 1].Select(index => all[index]);
}
