using JustRunIt.Client.CommandLine;
using JustRunIt.Demo;

return await CommandProgram.RunAsync(DemoCommand.Create(), args);
