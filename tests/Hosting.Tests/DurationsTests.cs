using CsCheck;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.Hosting.Tests;

public sealed class DurationsTests
{
    [Theory]
    [InlineData("50ms", 50)]
    [InlineData("10s", 10_000)]
    [InlineData("3min", 180_000)]
    [InlineData("2h", 7_200_000)]
    [InlineData("1.5s", 1500)]
    [InlineData("0s", 0)]
    [InlineData("10 s", 10_000)]
    [InlineData("1h30min", 5_400_000)]
    [InlineData("1h 30min 5s 20ms", 5_405_020)]
    public void A_number_and_its_unit_are_a_duration_and_so_are_several_from_the_largest(string text, double milliseconds)
    {
        Assert.True(Durations.TryParse(text, out var duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("s")]
    [InlineData("10m")]
    [InlineData("10S")]
    [InlineData("-10s")]
    [InlineData("+10s")]
    [InlineData("1e3s")]
    [InlineData("1,5s")]
    [InlineData("1.2.3s")]
    [InlineData(".")]
    [InlineData("NaNs")]
    [InlineData("30min1h")]
    [InlineData("1s1s")]
    [InlineData("1s and more")]
    [InlineData("1s5")]
    [InlineData("99999999999999999999h")]
    public void Everything_else_is_none(string text) => Assert.False(Durations.TryParse(text, out _));

    [Fact]
    public void No_text_makes_it_throw() => Gen.String[Gen.Char["0123456789.smhin -+eE∞"], 0, 12].Sample(text =>
    {
        Assert.True(!Durations.TryParse(text, out var duration) || duration >= TimeSpan.Zero);
    });

    [Fact]
    public void What_is_shown_can_be_read() => Gen.Int[0, 1_000_000_000].Sample(milliseconds =>
    {
        var duration = TimeSpan.FromMilliseconds(milliseconds);
        Assert.True(Durations.TryParse(Durations.Show(duration), out var read));
        // Two decimals of the unit that is shown.
        Assert.True((read - duration).Duration() <= duration / 100);
    });
}
