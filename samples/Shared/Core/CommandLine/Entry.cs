namespace JustRunIt.Samples.Core.CommandLine;

/// <summary>What every program of a sample does around its work: help, usage errors, exit codes.</summary>
public static class Entry
{
    /// <summary>Runs a program. Exit code 0 on success and help, 2 on bad input, otherwise what <paramref name="run"/> returns.</summary>
    public static async Task<int> RunAsync(string[] arguments, CommandLineParser parser, Func<Arguments, Task<int>> run)
    {
        if (CommandLineParser.AsksForHelp(arguments))
        {
            Console.Out.Write(parser.Help);
            return 0;
        }

        try
        {
            return await run(parser.Parse(arguments));
        }
        catch (UsageException problem)
        {
            await Console.Error.WriteLineAsync(problem.Message);
            return 2;
        }
    }
}
