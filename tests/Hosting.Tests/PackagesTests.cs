using System.Runtime.CompilerServices;
using System.Xml.Linq;

namespace JustRunIt.Hosting.Tests;

/// <summary>Every package that is referenced has its reason on record.</summary>
public sealed class PackagesTests
{
    private static readonly string Repository = Path.GetFullPath(Path.Combine(Here(), "..", ".."));

    [Fact]
    public void Each_has_a_row_with_a_reason_in_the_decision_record_and_no_other_has()
    {
        var rows = File.ReadLines(Path.Combine(Repository, "docs", "decisions", "0001-packages.md"))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && line.Contains('`', StringComparison.Ordinal))
            .Select(line => line.Split('|'))
            .ToList();
        Assert.All(rows, row => Assert.True(row[2].Trim().Length > 10, $"{row[1]}: no reason"));
        var documented = rows.SelectMany(row => row[1].Split('`').Where((_, i) => i % 2 == 1)).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(documented.Distinct(), documented);
        Assert.Equal(Versions(), documented);
    }

    [Fact]
    public void Each_that_has_a_version_is_referenced_or_pinned_for_one_that_is()
    {
        // Referenced by a project, or in a lock file as what another needs.
        var locks = string.Concat(Directory.EnumerateFiles(Repository, "packages.lock.json", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal)).Select(File.ReadAllText));
        Assert.All(Versions(), package => Assert.Contains($"\"{package}\"", locks));
    }

    private static List<string> Versions() =>
    [
        .. XDocument.Load(Path.Combine(Repository, "Directory.Packages.props")).Descendants("PackageVersion")
            .Select(version => version.Attribute("Include")!.Value)
            .Order(StringComparer.Ordinal),
    ];

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
