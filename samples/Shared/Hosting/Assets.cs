using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace JustRunIt.Samples.Hosting;

/// <summary>Images and styles of a program, embedded in it and held in memory.</summary>
internal static class Assets
{
    public static void MapAssets(this IEndpointRouteBuilder routes, Assembly program)
    {
        var files = program.GetManifestResourceNames().ToDictionary(
            name => name, name => (Content: Read(program, name), Type: TypeOf(name)));
        routes.MapGet(
            "/static/{name}",
            (string name) => files.TryGetValue(name, out var file) ? Results.Bytes(file.Content, file.Type) : Results.NotFound());
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".css" => "text/css",
        ".svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };

    private static byte[] Read(Assembly program, string name)
    {
        using var stream = program.GetManifestResourceStream(name)!;
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}
