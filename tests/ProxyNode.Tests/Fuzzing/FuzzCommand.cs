using System.CommandLine;
using System.Diagnostics;
using JustRunIt.Hosting.Configuration;
using JustRunIt.ProxyNode.Tests.Conversations;

namespace JustRunIt.ProxyNode.Tests.Fuzzing;

/// <summary><c>justrunit fuzz</c>: one parser, or all in turn, for as long as told.</summary>
internal static class FuzzCommand
{
    private static readonly Argument<string> Parser = new("parser")
    {
        Description = $"{string.Join(", ", Fuzzer.Parsers)} or all",
        DefaultValueFactory = _ => "all",
    };

    private static readonly Option<string> Time = new("--time")
    {
        Description = "how long each parser is fuzzed, such as 1min or 8h",
        DefaultValueFactory = _ => "1min",
        HelpName = "DURATION",
    };

    private static readonly Option<int?> Seed = new("--seed")
    {
        Description = "of the first conversation (chosen by chance, and printed)",
        HelpName = "NUMBER",
    };

    private static readonly Option<string?> Input = new("--input")
    {
        Description = "hears this conversation again instead",
        HelpName = "FILE",
    };

    public static Command Command
    {
        get
        {
            var command = new Command(
                "fuzz",
                "Feeds a parser with conversations that real peers had, changed; checks that it holds what it promises for any bytes")
            {
                Parser, Time, Seed, Input,
            };
            command.SetAction(parsed => Run(parsed));
            return command;
        }
    }

    private static int Run(ParseResult parsed)
    {
        var name = parsed.GetValue(Parser)!;
        if (name != "all" && !Fuzzer.Parsers.Contains(name))
            return Bad($"command line: parser: '{name}'; allowed is {string.Join(", ", Fuzzer.Parsers)} or all");
        if (parsed.GetValue(Input) is { } file)
            return Hear(file, name);
        if (!Durations.TryParse(parsed.GetValue(Time), out var time))
            return Bad($"command line: --time: '{parsed.GetValue(Time)}'; allowed is {Durations.Allowed}");
        var seed = parsed.GetValue(Seed) ?? Random.Shared.Next();
        var failed = false;
        foreach (var parser in Fuzzer.Parsers.Where(parser => name == "all" || parser == name))
        {
            Console.WriteLine($"{parser}: seed {seed}");
            var watch = Stopwatch.StartNew();
            var result = Fuzzer.Run(
                parser,
                seed,
                _ => watch.Elapsed < time,
                Path.GetFullPath("artifacts/fuzz"),
                now => Console.Error.WriteLine(Text(parser, now)));
            Console.WriteLine(Text(parser, result));
            if (result.Failure is null)
                continue;
            Console.Error.WriteLine(result.Failure);
            failed = true;
        }

        return failed ? 1 : 0;
    }

    private static int Hear(string file, string parser)
    {
        if (!Fuzzer.Parsers.Contains(parser) || !File.Exists(file))
            return Bad($"command line: --input: '{file}'; allowed is a file, with the name of its parser before");
        var parts = Conversation.Parse(File.ReadLines(file));
        Console.WriteLine("a byte a piece:");
        Hearing.Of(parser, parts, () => 1).Events.ForEach(Console.WriteLine);
        Console.WriteLine("whole:");
        Hearing.Of(parser, parts, () => int.MaxValue).Events.ForEach(Console.WriteLine);
        var heard = Invariants.Check(parser, parts, new Random(1));
        Console.WriteLine(heard.Refused is { } by ? $"refused of the {by}: {heard.Reason}" : "not refused");
        return 0;
    }

    private static int Bad(string message)
    {
        Console.Error.WriteLine(message);
        return 2;
    }

    private static string Text(string parser, FuzzResult result) =>
        $"{parser}: {result.Conversations:N0} conversations, {result.Requests:N0} requests understood, {result.Refused:N0} refused"
        + (result.Failure is null ? "" : ", 1 failed");
}
