using JustRunIt.Bench.Fidelity;
using JustRunIt.Client.CommandLine;

return await CommandProgram.RunAsync(
    Options.Command((options, cancellation) => new Benchmark(options, cancellation).RunAsync()), args, "bench");
