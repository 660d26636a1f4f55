using JustRunIt.Samples.Hosting;

return await WebTier.RunAsync(args, "auction", typeof(Program).Assembly);
