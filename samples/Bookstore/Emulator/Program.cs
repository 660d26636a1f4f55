using JustRunIt.Bookstore.Emulator;
using JustRunIt.Samples.Emulating;

return await EmulatorProgram.RunAsync(
    args, "bookstore", "shopping-mix.json", BookstoreClient.Interactions, (number, options, statistics) => new BookstoreClient(
        number, options, statistics));
