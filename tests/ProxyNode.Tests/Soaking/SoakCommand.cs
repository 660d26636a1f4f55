using System.CommandLine;
using System.Globalization;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.ProxyNode.Tests.Soaking;

/// <summary><c>justrunit soak</c>.</summary>
internal static class SoakCommand
{
    private static readonly Option<string> Time = new("--time")
    {
        Description = "how long the load lasts, such as 30s or 10min",
        DefaultValueFactory = _ => "10min",
        HelpName = "DURATION",
    };

    private static readonly Option<double> Rate = new("--rate")
    {
        Description = "requests a second, from 1 to 100000",
        DefaultValueFactory = _ => 1000,
        HelpName = "NUMBER",
    };

    public static Command Command
    {
        get
        {
            var command = new Command(
                "soak",
                "Load with resets by clients, server and clone through the proxies; afterwards no connection, buffer or descriptor may be "
                + "held")
            {
                Time, Rate,
            };
            command.SetAction(RunAsync);
            return command;
        }
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        if (!Durations.TryParse(parsed.GetValue(Time), out var time))
            return await BadAsync($"command line: --time: '{parsed.GetValue(Time)}'; allowed is {Durations.Allowed}");
        if (parsed.GetValue(Rate) is not (>= 1 and <= 100_000) and var rate)
        {
            return await BadAsync(
                string.Create(CultureInfo.InvariantCulture, $"command line: --rate: '{rate}'; allowed is a number from 1 to 100000"));
        }

        var result = await Soak.RunAsync(time, parsed.GetValue(Rate), Console.Error.WriteLine);
        Console.WriteLine(
            $"{result.Requests:N0} requests answered, {result.Broken:N0} broken off, {result.Duplicates:N0} duplicates answered");
        Console.WriteLine($"{"",-12} {"before",10} {"after",10}");
        Console.WriteLine($"{"descriptors",-12} {result.Before.Descriptors,10} {result.After.Descriptors,10}");
        Console.WriteLine($"{"buffers",-12} {result.Before.Buffers,10} {result.After.Buffers,10}");
        Console.WriteLine($"{"connections",-12} {result.Before.Connections,10} {result.After.Connections,10}");
        Console.WriteLine($"{"to server",-12} {result.Before.ToServer,10} {result.After.ToServer,10}");
        Console.WriteLine($"{"to clone",-12} {result.Before.ToClone,10} {result.After.ToClone,10}");
        Console.WriteLine($"{"heap KiB",-12} {result.Before.HeapBytes >> 10,10} {result.After.HeapBytes >> 10,10}");
        Console.WriteLine(result.Leak is { } leak ? $"leaked: {leak}" : "nothing leaked");
        return result.Leak is null ? 0 : 1;
    }

    private static async Task<int> BadAsync(string message)
    {
        await Console.Error.WriteLineAsync(message);
        return 2;
    }
}
