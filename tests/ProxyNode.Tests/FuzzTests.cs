using JustRunIt.ProxyNode.Tests.Fuzzing;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>A while of fuzzing with a new seed each time; <c>justrunit fuzz</c> goes on for hours.</summary>
public sealed class FuzzTests
{
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData("http")]
    [InlineData("ajp13")]
    [InlineData("mysql")]
    [InlineData("postgresql")]
    public void No_bytes_break_what_a_parser_promises(string parser)
    {
        var result = Fuzzer.Run(parser, Random.Shared.Next(), Time, Path.Combine(Path.GetTempPath(), "justrunit-fuzz"));
        Assert.Null(result.Failure);
        // A fuzzer that is refused at once, always or never, finds nothing.
        Assert.True(result.Requests > 0 && result.Refused > 0 && result.Refused < result.Conversations, $"{result}");
    }
}
