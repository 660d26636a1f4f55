using JustRunIt.Hosting.Messaging.Authority;

namespace JustRunIt.Hosting.Tests.Messaging;

/// <summary>
/// Definitions are handed to the broker's tool again where it has taken a part of them for all: which it does now and then, and not when
/// it is asked to, so that a script stands in for it.
/// </summary>
public sealed class DefinitionsImportTests : IDisposable
{
    private const string CutOff = "Error: {badmatch, {error, {unexpected_end_of_buffer, 64}}}";
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("justrunit-import-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task A_tool_that_has_taken_a_part_for_all_is_told_again_all_of_it()
    {
        var tool = Tool(failures: 2, CutOff);
        Assert.Null(await DefinitionsImport.TryAsync(tool, "{\"users\": []}", CancellationToken.None));
        Assert.Equal(
            ["import_definitions {\"users\": []}", "import_definitions {\"users\": []}", "import_definitions {\"users\": []}"],
            await File.ReadAllLinesAsync($"{tool}.said"));
    }

    [Fact]
    public async Task One_that_does_so_again_and_again_is_told_three_times()
    {
        var tool = Tool(failures: 10, CutOff);
        Assert.Equal(CutOff, await DefinitionsImport.TryAsync(tool, "{}", CancellationToken.None));
        Assert.Equal(3, (await File.ReadAllLinesAsync($"{tool}.said")).Length);
    }

    [Fact]
    public async Task What_it_refuses_is_told_once_in_its_words()
    {
        var tool = Tool(failures: 10, "Error: no such user");
        Assert.Equal("Error: no such user", await DefinitionsImport.TryAsync(tool, "{}", CancellationToken.None));
        Assert.Single(await File.ReadAllLinesAsync($"{tool}.said"));
    }

    /// <summary>Writes down what it is told, a line each time, and fails so often.</summary>
    private string Tool(int failures, string error)
    {
        var file = Path.Combine(folder.FullName, "rabbitmqctl");
        File.WriteAllText(
            file,
            $"""
            #!/bin/sh
            echo "$1 $(cat)" >> "$0.said"
            [ "$(wc -l < "$0.said")" -gt {failures} ] && exit 0
            echo '{error}' >&2
            exit 65

            """);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return file;
    }
}
