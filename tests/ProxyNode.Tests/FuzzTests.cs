using JustRunIt.ProxyNode.Tests.Fuzzing;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Some thousand conversations with a new seed each time; <c>justrunit fuzz</c> goes on for hours.</summary>
public sealed class FuzzTests
{
    private const int Conversations = 10_000;

    [Theory]
    [InlineData("http")]
    [InlineData("ajp13")]
    [InlineData("mysql")]
    [InlineData("postgresql")]
    public void No_bytes_break_what_a_parser_promises(string parser)
    {
        var folder = Path.Combine(Path.GetTempPath(), "justrunit-fuzz");
        var result = Fuzzer.Run(parser, Random.Shared.Next(), conversations => conversations < Conversations, folder);
        Assert.Null(result.Failure);
        // A fuzzer that is refused at once, always or never, finds nothing.
        Assert.True(result.Requests > 0 && result.Refused > 0 && result.Refused < result.Conversations, $"{result}");
    }
}
