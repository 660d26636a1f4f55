using System.Reflection;

namespace JustRunIt.Auction.Web;

/// <summary>Images and styles, held in memory.</summary>
internal static class Assets
{
    private static readonly Dictionary<string, (byte[] Content, string Type)> s_files = new()
    {
        ["style.css"] = (Read("style.css"), "text/css"),
        ["logo.svg"] = (Read("logo.svg"), "image/svg+xml"),
    };

    public static void MapAssets(this IEndpointRouteBuilder routes) => routes.MapGet("/static/{name}", (string name) =>
        s_files.TryGetValue(name, out var file) ? Results.Bytes(file.Content, file.Type) : Results.NotFound());

    private static byte[] Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}
