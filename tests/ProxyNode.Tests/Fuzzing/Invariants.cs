using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Tests.Conversations;

namespace JustRunIt.ProxyNode.Tests.Fuzzing;

/// <summary>
/// What holds for any bytes: the only exception is a <see cref="ProtocolException"/>, no more is taken than was given, and the
/// pieces in which the bytes come change neither what is understood nor what is sent on.
/// </summary>
internal static class Invariants
{
    private const int LongestInSingleBytes = 6 * 1024;

    /// <summary>Hears a conversation in several ways.</summary>
    /// <returns>What was heard.</returns>
    /// <exception cref="BrokenInvariantException">They differ.</exception>
    public static Hearing Check(string protocol, IReadOnlyList<Said> parts, Random random)
    {
        var whole = Hearing.Of(protocol, parts, () => int.MaxValue);
        if (parts.Sum(part => part.Bytes.Length) <= LongestInSingleBytes)
            Compare(whole, Hearing.Of(protocol, parts, () => 1), "a byte a piece");
        Compare(whole, Hearing.Of(protocol, parts, () => random.Next(1, 1 << random.Next(1, 14))), "random pieces");
        return whole;
    }

    private static void Compare(Hearing whole, Hearing pieces, string how)
    {
        if (whole.Refused != pieces.Refused)
            throw new BrokenInvariantException(
                $"in {how} refused of {pieces.Refused}: '{pieces.Reason}', otherwise of {whole.Refused}: '{whole.Reason}'");
        // What is refused may have been sent on in part, if its start had come before.
        var (expected, actual) = whole.Refused is null ? (whole.Events, pieces.Events) : (whole.Whole, pieces.Whole);
        var (first, second) = (expected.ToList(), actual.ToList());
        for (var i = 0; i < Math.Max(first.Count, second.Count); i++)
        {
            var (one, other) = (first.ElementAtOrDefault(i) ?? "nothing", second.ElementAtOrDefault(i) ?? "nothing");
            if (one != other)
                throw new BrokenInvariantException($"in {how} '{other}' instead of '{one}'");
        }

        if (whole.Refused is null
            && !(whole.SentOn.Client.SequenceEqual(pieces.SentOn.Client) && whole.SentOn.Server.SequenceEqual(pieces.SentOn.Server)))
            throw new BrokenInvariantException($"in {how} other bytes are sent on");
    }
}
