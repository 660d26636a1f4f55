using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace JustRunIt.Samples.Hosting;

/// <summary>Builds a page.</summary>
/// <param name="site">Name of the sample as its users see it.</param>
/// <param name="title">Of the page.</param>
public sealed class Html(string site, string title)
{
    private readonly StringBuilder text = new StringBuilder("<!doctype html>\n<html><head><title>").Append(WebUtility.HtmlEncode(title))
        .Append("</title><link rel=\"stylesheet\" href=\"/static/style.css\"></head><body>\n")
        .Append("<nav><img src=\"/static/logo.svg\" alt=\"\"> <a href=\"/\">").Append(site).Append(
            "</a> <a href=\"/me\">My page</a></nav>\n<h1>")
        .Append(WebUtility.HtmlEncode(title)).Append("</h1>\n");

    /// <summary>A paragraph of text.</summary>
    public Html Paragraph(string content)
    {
        text.Append("<p>").Append(WebUtility.HtmlEncode(content)).Append("</p>\n");
        return this;
    }

    /// <summary>A link in a paragraph of its own.</summary>
    public Html Link(string address, string content)
    {
        text.Append("<p><a href=\"").Append(address).Append("\">").Append(WebUtility.HtmlEncode(content)).Append("</a></p>\n");
        return this;
    }

    /// <summary>A list under a heading: a link each, with text after it.</summary>
    public Html List(string heading, IEnumerable<(string Address, string Name, string After)> entries)
    {
        text.Append("<h2>").Append(heading).Append("</h2><ul>\n");
        foreach (var (address, name, after) in entries)
        {
            text.Append("<li><a href=\"").Append(address).Append("\">").Append(WebUtility.HtmlEncode(name)).Append("</a> ")
                .Append(WebUtility.HtmlEncode(after)).Append("</li>\n");
        }

        text.Append("</ul>\n");
        return this;
    }

    /// <summary>A form that is sent with POST.</summary>
    public Html Form(string address, params ReadOnlySpan<string> fields)
    {
        text.Append("<form method=\"post\" action=\"").Append(address).Append("\">\n");
        foreach (var field in fields)
            text.Append(CultureInfo.InvariantCulture, $"<label>{field} <input name=\"{field}\"></label>\n");
        text.Append("<button>Send</button></form>\n");
        return this;
    }

    /// <summary>A form of one button that sends a value which the page gives out.</summary>
    public Html Button(string address, string content, string field, string value)
    {
        text.Append(
            CultureInfo.InvariantCulture,
            $"<form method=\"post\" action=\"{address}\"><input type=\"hidden\" name=\"{field}\" value=\"{value}\">")
            .Append("<button>").Append(WebUtility.HtmlEncode(content)).Append("</button></form>\n");
        return this;
    }

    /// <summary>The page.</summary>
    public IResult Result(int status = StatusCodes.Status200OK) =>
        Results.Text(text.Append("</body></html>\n").ToString(), "text/html; charset=utf-8", Encoding.UTF8, status);

    /// <summary>A sum with two decimals.</summary>
    public static string Money(long cents) => string.Create(CultureInfo.InvariantCulture, $"{cents / 100}.{cents % 100:00}");
}
