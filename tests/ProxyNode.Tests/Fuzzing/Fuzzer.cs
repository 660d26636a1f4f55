using System.Diagnostics;
using JustRunIt.ProxyNode.Tests.Conversations;

namespace JustRunIt.ProxyNode.Tests.Fuzzing;

/// <summary>What a run of a fuzzer did.</summary>
/// <param name="Conversations">How many it made.</param>
/// <param name="Requests">Requests that were understood in them.</param>
/// <param name="Refused">Conversations that were refused.</param>
/// <param name="Failure">What broke an invariant; null when nothing did.</param>
internal sealed record FuzzResult(long Conversations, long Requests, long Refused, string? Failure);

/// <summary>One parser's fuzzer. The seed gives every conversation; a failing one is written to a file that can be heard again.</summary>
internal static class Fuzzer
{
    /// <summary>Parsers that are fuzzed.</summary>
    public static IReadOnlyList<string> Parsers { get; } = ["http", "ajp13", "mysql", "postgresql"];

    /// <summary>Runs for as long as told, or until an invariant breaks.</summary>
    /// <param name="parser">One of <see cref="Parsers"/>.</param>
    /// <param name="seed">Of the first conversation; the next have the following seeds.</param>
    /// <param name="goesOn">Whether there is to be another conversation, after so many.</param>
    /// <param name="folder">Where a failing conversation is written.</param>
    /// <param name="progress">Told every few seconds.</param>
    public static FuzzResult Run(string parser, int seed, Func<long, bool> goesOn, string folder, Action<FuzzResult>? progress = null)
    {
        var watch = Stopwatch.StartNew();
        var told = TimeSpan.Zero;
        long conversations = 0, requests = 0, refused = 0;
        for (var next = seed; goesOn(conversations); next = unchecked(next + 1))
        {
            var random = new Random(next);
            var parts = new Mutator(parser, random).Next();
            try
            {
                var heard = Invariants.Check(parser, parts, random);
                conversations++;
                requests += heard.Requests;
                refused += heard.Refused is null ? 0 : 1;
            }
            catch (Exception e)
            {
                var file = Path.Combine(folder, $"{parser}-{next}.txt");
                new Conversation($"{parser}-{next}", parser, parts).Write(file, $"{parser}, seed {next}: {e.GetType().Name}: {e.Message}");
                return new FuzzResult(conversations, requests, refused, $"seed {next}, written to {file}\n{e}");
            }

            if (progress is null || watch.Elapsed - told < TimeSpan.FromSeconds(10))
                continue;
            told = watch.Elapsed;
            progress(new FuzzResult(conversations, requests, refused, null));
        }

        return new FuzzResult(conversations, requests, refused, null);
    }
}
