using JustRunIt.Client.CommandLine;
using JustRunIt.Console;

return await CommandProgram.RunAsync(
    [
        UpCommand.Create(), HostsCommand.Create(), CloneCommand.Create(), ForgetCommand.Create(), LogsCommand.Create(),
        ParkedCommand.Create(), RolesCommand.Create(), ReplayStreamCommand.Create(), AuditCommand.Create(),
        ExportCommand.Create(), AsyncApiCommand.Create(),
    ],
    args);
