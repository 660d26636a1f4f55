using JustRunIt.Bookstore.Application.Pages;
using JustRunIt.Bookstore.Application.Ranking;
using JustRunIt.Samples.Core.CommandLine;
using JustRunIt.Samples.Hosting;

const int Least = 100;
var parser = new CommandLineParser(
    "bookstore-application",
    "application tier of the bookstore: pages, and what customers who bought a book also bought",
    [
        .. ApplicationTier.Options,
        new Option("--books", "N", "books that the database was seeded with, 100 to 1000000", "5000"),
        new Option(
            "--histories", "N", "past customers whose purchases are looked through for a page: what it costs, 100 to 1000000", "20000"),
    ]);
return await Entry.RunAsync(args, parser, arguments =>
{
    var purchases = new Purchases(arguments.Integer("--books", Least, 1_000_000), arguments.Integer("--histories", Least, 1_000_000));
    return new ApplicationTier("bookstore", prepares: true, new BookstorePages(purchases), new BookstorePages(
        new Purchases(Least, Least))).RunAsync(arguments.Endpoint("--listen"), arguments.HostAndPort("--next"));
});
