using JustRunIt.Client.CommandLine;
using JustRunIt.Console;

return await CommandProgram.RunAsync(
    [UpCommand.Create(), HostsCommand.Create(), CloneCommand.Create(), LogsCommand.Create()], args);
