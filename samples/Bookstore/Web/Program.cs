using JustRunIt.Samples.Hosting;

return await WebTier.RunAsync(args, "bookstore", typeof(Program).Assembly);
