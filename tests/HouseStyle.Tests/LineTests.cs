namespace JustRunIt.HouseStyle.Tests;

/// <summary>Lines fit the width that <c>.editorconfig</c> gives.</summary>
public sealed class LineTests
{
    private const int Longest = 140;

    /// <summary>
    /// Folders whose lines are still being wrapped. Empty this list when they are; no folder is ever to be added.
    /// </summary>
    private static readonly string[] NotYetWrapped =
    [
        "src/Console", "src/Events", "src/Events.Store", "src/HostAgent", "src/ProxyNode", "src/Services.", "src/Hosting", "src/Client",
        "src/Demo",
        "tests/EndToEnd.Tests", "tests/Events.Store.Tests", "tests/Events.Tests", "tests/HostAgent.Tests",
        "tests/Hosting.Tests", "tests/Services.", "infra/local",
    ];

    [Fact]
    public void The_width_is_the_one_of_editorconfig() =>
        Assert.Contains($"max_line_length = {Longest}", SourceFiles.Lines(".editorconfig"));

    [Fact]
    public void No_line_of_C_sharp_or_shell_is_longer()
    {
        var tooLong = SourceFiles.CSharp.Concat(SourceFiles.Shell)
            .Where(file => !NotYetWrapped.Any(folder => file.StartsWith(folder, StringComparison.Ordinal)))
            .SelectMany(file => SourceFiles.Lines(file).Select((line, index) => (file, number: index + 1, line.Length)))
            .Where(line => line.Length > Longest)
            .Select(line => $"{line.file}:{line.number} has {line.Length} characters")
            .ToList();
        Assert.True(tooLong.Count == 0, $"{tooLong.Count} lines are longer than {Longest}:\n{string.Join('\n', tooLong)}");
    }

    [Fact]
    public void The_files_are_found()
    {
        Assert.Contains("justrunit", SourceFiles.Shell);
        Assert.Contains("infra/local/common.sh", SourceFiles.Shell);
        Assert.Contains("tests/HouseStyle.Tests/LineTests.cs", SourceFiles.CSharp);
        Assert.DoesNotContain(SourceFiles.All, file => file.Contains("/obj/", StringComparison.Ordinal));
    }
}
