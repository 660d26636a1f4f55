using System.Globalization;
using System.Net;
using System.Text;
using JustRunIt.Auction.Shared.Contracts;

namespace JustRunIt.Auction.Application.Pages;

/// <summary>Builds a page.</summary>
internal sealed class Html(string title)
{
    private readonly StringBuilder text = new StringBuilder("<!doctype html>\n<html><head><title>").Append(WebUtility.HtmlEncode(title))
        .Append("</title><link rel=\"stylesheet\" href=\"/static/style.css\"></head><body>\n")
        .Append("<nav><img src=\"/static/logo.svg\" alt=\"\"> <a href=\"/\">Auction</a> <a href=\"/me\">My page</a></nav>\n<h1>")
        .Append(WebUtility.HtmlEncode(title)).Append("</h1>\n");

    public Html Paragraph(string content)
    {
        text.Append("<p>").Append(WebUtility.HtmlEncode(content)).Append("</p>\n");
        return this;
    }

    public Html Link(string address, string content)
    {
        text.Append("<p><a href=\"").Append(address).Append("\">").Append(WebUtility.HtmlEncode(content)).Append("</a></p>\n");
        return this;
    }

    public Html Items(string heading, IEnumerable<ItemSummary> items)
    {
        text.Append("<h2>").Append(heading).Append("</h2><ul>\n");
        foreach (var item in items)
        {
            text.Append(CultureInfo.InvariantCulture, $"<li><a href=\"/item/{item.Id}\">").Append(WebUtility.HtmlEncode(item.Name))
                .Append("</a> ").Append(Money(item.CurrentPriceCents)).Append(CultureInfo.InvariantCulture, $", {item.BidCount} bids</li>\n");
        }

        text.Append("</ul>\n");
        return this;
    }

    public Html Bids(IEnumerable<Bid> bids)
    {
        text.Append("<h2>Bids</h2><ul>\n");
        foreach (var bid in bids)
        {
            text.Append(CultureInfo.InvariantCulture, $"<li><a href=\"/user/{bid.Bidder.Id}\">").Append(WebUtility.HtmlEncode(bid.Bidder.Nickname))
                .Append("</a> ").Append(Money(bid.AmountCents)).Append("</li>\n");
        }

        text.Append("</ul>\n");
        return this;
    }

    public Html Recommendations(IEnumerable<int> items)
    {
        text.Append("<h2>You may also like</h2><p>\n");
        foreach (var item in items)
            text.Append(CultureInfo.InvariantCulture, $"<a href=\"/item/{item}\">item {item}</a>\n");
        text.Append("</p>\n");
        return this;
    }

    public Html Form(string address, params ReadOnlySpan<string> fields)
    {
        text.Append("<form method=\"post\" action=\"").Append(address).Append("\">\n");
        foreach (var field in fields)
            text.Append(CultureInfo.InvariantCulture, $"<label>{field} <input name=\"{field}\"></label>\n");
        text.Append("<button>Send</button></form>\n");
        return this;
    }

    public IResult Result(int status = StatusCodes.Status200OK) =>
        Results.Text(text.Append("</body></html>\n").ToString(), "text/html; charset=utf-8", Encoding.UTF8, status);

    public static string Money(long cents) => string.Create(CultureInfo.InvariantCulture, $"{cents / 100}.{cents % 100:00}");
}
