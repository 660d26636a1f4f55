using JustRunIt.Events.Deciding;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Store;
using Marten;
using Microsoft.Extensions.DependencyInjection;

namespace JustRunIt.Services.Monitor;

/// <summary>
/// Windows that are being filled: a document for each service and source, beside the streams, with its own optimistic version.
/// </summary>
internal sealed class OpenWindows : IFactSource, IKeeper
{
    /// <inheritdoc />
    public Type Asked => typeof(OpenWindowAsked);

    /// <inheritdoc />
    public Type Kept => typeof(OpenWindow);

    /// <summary>Adds the windows to a service.</summary>
    public static void Register(IServiceCollection services)
    {
        services.AddSingleton(new StoreExtension(options =>
            options.Schema.For<Document>().DocumentAlias("open_window").UseOptimisticConcurrency(true)));
        services.AddSingleton<OpenWindows>();
        services.AddSingleton<IFactSource>(provider => provider.GetRequiredService<OpenWindows>());
        services.AddSingleton<IKeeper>(provider => provider.GetRequiredService<OpenWindows>());
    }

    /// <inheritdoc />
    public async Task<object?> AnswerAsync(object asked, IDocumentSession session, CancellationToken cancellation)
    {
        var question = (OpenWindowAsked)asked;
        var document = await session.LoadAsync<Document>(Id(question.Service, question.Source), cancellation).ConfigureAwait(false);
        return document?.Window ?? SlaWindow.Empty;
    }

    /// <inheritdoc />
    public void Keep(IKept kept, IDocumentSession session)
    {
        var open = (OpenWindow)kept;
        session.Store(new Document { Id = Id(open.Service, open.Source), Window = open.Window });
    }

    private static string Id(string service, string source) => $"{service}/{source}";

    /// <summary>As it is stored.</summary>
    public sealed class Document
    {
        /// <summary>Service and source.</summary>
        public string Id { get; set; } = "";

        /// <summary>The window.</summary>
        public SlaWindow Window { get; set; } = SlaWindow.Empty;
    }
}
