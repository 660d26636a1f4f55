using JustRunIt.Bookstore.Database;
using JustRunIt.Samples.Core.CommandLine;
using JustRunIt.Samples.Databases;

return await DatabaseProgram.RunAsync(
    args,
    "bookstore",
    [
        new Option("--books", "N", "books to seed, 100 to 1000000; as many as the application tier knows", "5000"),
        new Option("--users", "N", "customers to seed, 1 to 100000", "1000"),
    ],
    (arguments, connection) => Seeder.SeedAsync(
        connection, arguments.Integer("--books", 100, 1_000_000), arguments.Integer("--users", 1, 100_000)));
