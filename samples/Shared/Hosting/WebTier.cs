using System.Reflection;
using JustRunIt.Samples.Core.CommandLine;
using Microsoft.AspNetCore.Builder;

namespace JustRunIt.Samples.Hosting;

/// <summary>The program of a sample's web tier: serves images and styles itself, pages from the application tier.</summary>
public static class WebTier
{
    /// <summary>Runs it.</summary>
    /// <param name="args">Command line.</param>
    /// <param name="sample">Name of the sample.</param>
    /// <param name="program">Holds images and styles as resources.</param>
    public static Task<int> RunAsync(string[] args, string sample, Assembly program)
    {
        var parser = new CommandLineParser(
            $"{sample}-web",
            $"web tier of the {sample}: serves images and styles itself, pages from the application tier",
            [
                new Option("--listen", "ADDRESS:PORT", "where to listen", IsRequired: true),
                new Option("--next", "HOST:PORT", "the application tier, or the in-proxy before it", IsRequired: true),
            ]);
        return Entry.RunAsync(args, parser, async arguments =>
        {
            var listen = arguments.Endpoint("--listen");
            await using var application = TierHost.CreateBuilder(listen).Build();
            application.MapGet("/health", () => "ok");
            application.MapAssets(program);
            application.MapPages(new Uri($"http://{arguments.HostAndPort("--next")}"));
            return await TierHost.RunAsync(application, listen);
        });
    }
}
