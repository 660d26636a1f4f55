using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace JustRunIt.Samples.Hosting;

/// <summary>What makes one sample's application tier different from another's.</summary>
public abstract class ApplicationPages
{
    /// <summary>Adds whatever the pages need.</summary>
    public abstract void Add(IServiceCollection services);

    /// <summary>Adds the pages at their addresses.</summary>
    public abstract void Map(IEndpointRouteBuilder routes);

    /// <summary>What it counts besides pages, log-ins and sessions.</summary>
    public virtual IReadOnlyDictionary<string, long> Counts() => new Dictionary<string, long>();

    /// <summary>Asks for every page, for the warm-up, with a client that keeps cookies and follows no redirections.</summary>
    public abstract Task VisitAsync(HttpClient client);

    /// <summary>The one row that a statement finds during the warm-up; null when it finds none because it only writes.</summary>
    public abstract object[]? RowOf(string sql);
}
