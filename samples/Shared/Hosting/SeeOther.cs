using Microsoft.AspNetCore.Http;

namespace JustRunIt.Samples.Hosting;

/// <summary>RFC 9110 §15.4.4: the client goes on with GET.</summary>
public sealed class SeeOther(string address) : IResult
{
    /// <inheritdoc />
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
        httpContext.Response.Headers.Location = address;
        return Task.CompletedTask;
    }
}
