using System.CommandLine;
using System.Globalization;
using System.Text;
using JustRunIt.Client.CommandLine;
using JustRunIt.Events.Store;
using JustRunIt.Events.Store.History;
using JustRunIt.Events.Telling;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.Console;

/// <summary><c>justrunit export</c>: streams as a file that others verify without this program.</summary>
internal static class ExportCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var streams = new Argument<string[]>("STREAM")
        {
            Description = $"streams to export: {StreamQuery.Allowed}",
            Arity = ArgumentArity.OneOrMore,
        };
        var to = new Option<FileInfo>("--out") { Description = "the file to write", HelpName = "FILE", Required = true };
        var command = new ExampleCommand(
            "export",
            "write streams, with the proof that they are what was sealed, as a file that is verified without this program "
                + "(docs/audit-format.md)",
            "./justrunit export matrix shop/application@2026-11-28 --out shop.jsonl")
        {
            streams,
            to,
        };
        command.SetAction((parsed, cancellation) =>
            RunAsync(StreamQuery.Join(parsed.GetValue(streams) ?? []), parsed.GetValue(to)!, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(IReadOnlyList<string> named, FileInfo to, CancellationToken cancellation)
    {
        OutputFiles.Prepare(to.FullName);
        var postgres = Connections.PostgresFromEnvironment();
        if (await StreamArguments.FindAllAsync(postgres, named, cancellation) is not { } streams)
            return CommandProgram.BadInput;
        await using var snapshot = await StoreSnapshot.OpenAsync(postgres, cancellation);
        if (await snapshot.SealsAsync(cancellation) is not { } seals)
            throw new ConfigurationException("the store has no hashes: it is of an older version, whose owner makes it anew by --schema");
        try
        {
            var (events, covered) = await WriteAsync(seals, streams, to.FullName, cancellation);
            System.Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{to.FullName}: {events} events, {covered} of them in the last checkpoint"));
            return 0;
        }
        catch (StoreChangedException e)
        {
            await System.Console.Error.WriteLineAsync($"export: the store was changed: {e.Message}; './justrunit audit --all' tells more");
            return CommandProgram.Failed;
        }
    }

    /// <summary>The file is there whole or not at all.</summary>
    private static async Task<(long Events, long Covered)> WriteAsync(
        Seals seals, IReadOnlyCollection<string> streams, string file, CancellationToken cancellation)
    {
        var next = $"{file}.next";
        try
        {
            (long, long) written;
            await using (var writer = new StreamWriter(next, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)))
                written = await new StreamExport(seals).WriteAsync(streams, writer, cancellation);
            File.Move(next, file, overwrite: true);
            return written;
        }
        finally
        {
            File.Delete(next);
        }
    }
}
