using JustRunIt.Hosting;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.Client.Supervision;

/// <summary>Where the programs are that this repository builds.</summary>
public static class Programs
{
    private const string Framework = "net10.0";

    /// <summary>The repository, from the environment that the start script sets, or from where this program is.</summary>
    public static string Home { get; } = Environment.GetEnvironmentVariable("JUSTRUNIT_HOME") is { Length: > 0 } home
        ? Path.GetFullPath(home)
        : FindHome(AppContext.BaseDirectory);

    /// <summary>Folder for what runs write, ignored by version control.</summary>
    public static string LocalFolder => Path.Combine(Home, ".justrunit");

    /// <summary>Folder of the log files: that of the environment, or one below <see cref="LocalFolder"/>.</summary>
    public static string LogFolder => Environment.GetEnvironmentVariable(EnvironmentVariables.Logs) is { Length: > 0 } given
        ? Path.GetFullPath(given)
        : Path.Combine(LocalFolder, "logs");

    /// <summary>A service, agent or proxy: a project under <c>src/</c>.</summary>
    public static string OfProduct(string project) => Assembly($"src/{project}", $"JustRunIt.{project}");

    /// <summary>A tier or the emulator of a sample.</summary>
    public static string OfSample(string sample, string project) =>
        Assembly($"samples/{sample}/{project}", $"JustRunIt.{sample}.{project}");

    private static string Assembly(string folder, string name) =>
        Path.Combine(Home, folder, "bin", Configuration, Framework, $"{name}.dll");

    private static string Configuration =>
        AppContext.BaseDirectory.Contains("/Debug/", StringComparison.Ordinal) ? "Debug" : "Release";

    private static string FindHome(string folder)
    {
        for (var candidate = new DirectoryInfo(folder); candidate is not null; candidate = candidate.Parent)
        {
            if (File.Exists(Path.Combine(candidate.FullName, "JustRunIt.Events.sln")))
                return candidate.FullName;
        }

        throw new ConfigurationException("environment: JUSTRUNIT_HOME is not set; it must be the repository's folder");
    }
}
