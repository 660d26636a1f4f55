using System.Collections.Concurrent;
using JustRunIt.Hosting.Files;

namespace JustRunIt.HostAgent.Processes;

/// <summary>Shell programs of the agent's: files beside the code that runs them, and part of its assembly.</summary>
internal static class EmbeddedScript
{
    private static readonly ConcurrentDictionary<string, string> Texts = new();

    /// <summary>The text of one, to be run as <c>sh -c TEXT NAME ARGUMENT...</c> or <c>bash -c</c>, as its first line says.</summary>
    /// <param name="name">Name of its file.</param>
    public static string Read(string name) => Texts.GetOrAdd(name, static name =>
    {
        using var stream = typeof(EmbeddedScript).Assembly.GetManifestResourceStream($"scripts/{name}")
            ?? throw new InvalidOperationException($"{name} is not embedded in the agent");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    });

    /// <summary>Writes one to a folder, for whoever must run it as a file.</summary>
    /// <returns>Its path.</returns>
    public static async Task<string> WriteAsync(string name, string folder)
    {
        var path = Path.Combine(folder, name);
        OwnerOnly.WriteAllText(path, Read(name));
        await Tool.RunAsync("chmod", ["700", path]);
        return path;
    }
}
