namespace JustRunIt.Bench.Pipeline;

/// <summary>A way from a writer to a reader.</summary>
internal interface IPath : IAsyncDisposable
{
    /// <summary>Its name in the table.</summary>
    string Name { get; }

    /// <summary>Writes so many messages durably, in one transaction; ends when they are committed.</summary>
    Task WriteAsync(IReadOnlyList<Guid> ids);
}
