using JustRunIt.Auction.Database;
using JustRunIt.Samples.Core.CommandLine;
using JustRunIt.Samples.Databases;

return await DatabaseProgram.RunAsync(
    args,
    "auction",
    [
        new Option("--items", "N", "items to seed, 1 to 1000000; at least the application tier's --candidates", "4000"),
        new Option("--users", "N", "users to seed, 1 to 100000", "1000"),
    ],
    (arguments, connection) => Seeder.SeedAsync(
        connection, arguments.Integer("--items", 1, 1_000_000), arguments.Integer("--users", 1, 100_000)));
