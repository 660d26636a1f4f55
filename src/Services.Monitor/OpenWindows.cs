using JustRunIt.Events;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Store;
using Marten;
using Marten.Internal;
using Microsoft.Extensions.DependencyInjection;

namespace JustRunIt.Services.Monitor;

/// <summary>
/// Windows that are being filled: a document for each service and source, beside the streams, with its own optimistic version.
/// </summary>
internal sealed class OpenWindows : IFactSource, IKeeper
{
    private const string Alias = "open_window";

    /// <summary>As Marten calls it.</summary>
    private const string Table = $"mt_doc_{Alias}";

    /// <inheritdoc />
    public Type Asked => typeof(OpenWindowAsked);

    /// <inheritdoc />
    public Type Kept => typeof(OpenWindow);

    /// <summary>Adds the windows to a service.</summary>
    public static void Register(IServiceCollection services)
    {
        services.AddSingleton(new StoreExtension(
            Catalog.Monitor,
            Table,
            options => options.Schema.For<Document>().DocumentAlias(Alias).UseOptimisticConcurrency(true)));
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
    public async Task<IReadOnlyDictionary<object, object?>> AnswerAllAsync(
        IReadOnlyCollection<object> asked, IDocumentSession session, CancellationToken cancellation)
    {
        var ids = asked.Cast<OpenWindowAsked>().Select(question => Id(question.Service, question.Source)).ToArray();
        var documents = (await session.LoadManyAsync<Document>(cancellation, ids).ConfigureAwait(false))
            .ToDictionary(document => document.Id, document => document.Window);
        return asked.Cast<OpenWindowAsked>().ToDictionary(
            object (question) => question,
            object? (question) => documents.GetValueOrDefault(Id(question.Service, question.Source), SlaWindow.Empty));
    }

    /// <inheritdoc />
    public void Keep(IKept kept, IDocumentSession session) => KeepAll([kept], session);

    /// <inheritdoc />
    public void KeepAll(IReadOnlyCollection<IKept> kept, IDocumentSession session)
    {
        // Knows the versions of what it has read.
        var marten = (IMartenSession)session;
        session.QueueOperation(new OpenWindowsWrite(
            [
                .. kept.Cast<OpenWindow>().OrderBy(open => Id(open.Service, open.Source), StringComparer.Ordinal).Select(open =>
                {
                    var id = Id(open.Service, open.Source);
                    return new OpenWindowsWrite.Row(
                        id,
                        marten.Serializer.ToJson(new Document { Id = id, Window = open.Window }),
                        marten.Versions.VersionFor<Document, string>(id));
                }),
            ],
            $"{StoreSetup.Schema}.{Table}"));
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
