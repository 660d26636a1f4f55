using System.Net;
using JustRunIt.Samples.Core.CommandLine;
using MySqlConnector;

namespace JustRunIt.Samples.Databases;

/// <summary>The program of a sample's database tier: prepares a folder of data, the same every time, and becomes its server.</summary>
public static class DatabaseProgram
{
    /// <summary>Runs it.</summary>
    /// <param name="args">Command line.</param>
    /// <param name="sample">Name of the sample.</param>
    /// <param name="rows">The options that say how much is seeded.</param>
    /// <param name="fill">Makes and fills the tables.</param>
    public static Task<int> RunAsync(string[] args, string sample, IReadOnlyList<Option> rows, Func<Arguments, MySqlConnection, Task> fill)
    {
        var parser = new CommandLineParser(
            $"{sample}-database",
            $"database tier of the {sample}: a MariaDB server with data of its own; database, user and password are '{sample}'",
            [
                new Option("--folder", "FOLDER", "the data; made and seeded when it is not there", IsRequired: true),
                new Option("--listen", "ADDRESS:PORT", "where to listen; without it the folder is prepared and nothing served"),
                new Option("--from", "FOLDER", "copy this prepared folder instead of seeding"),
                .. rows,
            ]);
        return Entry.RunAsync(args, parser, async arguments =>
        {
            var folder = arguments.Text("--folder");
            var listen = arguments.Find("--listen") is null ? null : arguments.Endpoint("--listen");
            if (arguments.Find("--from") is { } template && !Directory.Exists(folder))
                Copy(template, folder);
            await MariaDb.PrepareAsync(folder, sample, connection => fill(arguments, connection));
            if (listen is not null)
                MariaDb.Become(folder, listen);
            return 0;
        });
    }

    private static void Copy(string from, string to)
    {
        if (!Directory.Exists(from))
            throw new UsageException($"--from: '{from}' is not there; a folder that this program prepared is needed");
        foreach (var folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories).Prepend(from))
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
    }
}
