using System.Text.RegularExpressions;

namespace JustRunIt.HouseStyle.Tests;

/// <summary>Nothing names a place that only one machine has: the repository works wherever it is cloned.</summary>
public sealed partial class PlaceTests
{
    private static readonly HashSet<string> Written = new(
        [
            "", ".cs", ".sh", ".md", ".json", ".yaml", ".yml", ".csproj", ".props", ".targets", ".sln", ".config", ".xml", ".c", ".conf",
            ".editorconfig", ".gitignore",
        ],
        StringComparer.Ordinal);

    [Fact]
    public void No_file_names_a_folder_of_one_machine_or_a_registry_of_packages() => Assert.Empty(
        from file in SourceFiles.All
        where Written.Contains(Path.GetExtension(file)) && file != "tests/HouseStyle.Tests/PlaceTests.cs"
        from line in SourceFiles.Lines(file).Select((text, index) => (text, number: index + 1))
        let match = Place().Match(line.text)
        where match.Success
        select $"{file}:{line.number} names {match.Value}");

    [Fact]
    public void Every_program_that_is_named_by_where_it_is_built_is_a_project_there() => Assert.Empty(
        from file in SourceFiles.All
        where Written.Contains(Path.GetExtension(file))
        from line in SourceFiles.Lines(file).Select((text, index) => (text, number: index + 1))
        from match in Output().Matches(line.text)
        let project = match.Groups["project"].Value
        where !File.Exists(Path.Combine(SourceFiles.Root, project, $"{Path.GetFileName(project)}.csproj"))
        select $"{file}:{line.number} names {match.Value}");

    [Theory]
    [InlineData("see /home/somebody/notes", true)]
    [InlineData("/Users/somebody/source", true)]
    [InlineData("C:\\Users\\somebody", true)]
    [InlineData("https://somebody.example/artifactory/nuget", true)]
    [InlineData("/home", false)]
    [InlineData("the network/home page", false)]
    public void What_counts_as_such_a_place(string text, bool isOne) => Assert.Equal(isOne, Place().IsMatch(text));

    [GeneratedRegex(@"(?<![\w.}])(?<project>(bench|samples|src|tests)(/[\w.]+)+)/bin/(Release|\*)/")]
    private static partial Regex Output();

    [GeneratedRegex(
        @"/home/[a-z]\w*/|/Users/[a-z]\w*/|[A-Z]:\\Users\\|\bjfrog\b|\bnexus/repository\b|/artifactory/")]
    private static partial Regex Place();
}
