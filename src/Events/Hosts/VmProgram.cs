namespace JustRunIt.Events.Hosts;

/// <summary>
/// What runs in a virtual machine. <c>{listen}</c>, <c>{listenHost}</c>, <c>{listenPort}</c>, <c>{next}</c>,
/// <c>{nextHost}</c> and <c>{nextPort}</c> in arguments and
/// environment stand for the addresses, which differ between an original and its clone.
/// </summary>
/// <param name="Executable">Path of the program. Virtual machine back end: of the kernel, or <c>disk</c> to boot the image.</param>
/// <param name="Arguments">Its arguments. Virtual machine back end: the kernel's command line, with <c>initrd=FILE</c>.</param>
/// <param name="Environment">Variables added to a minimal environment; in a virtual machine, that of its first process.</param>
/// <param name="WorkingDirectory">Where it starts.</param>
/// <param name="Listen">host:port that the original listens on.</param>
/// <param name="Next">host:port or URL of the next tier, or of its out-proxy; null when there is none.</param>
/// <param name="HealthPath">HTTP path that answers 200 once the program is ready; null when it has none.</param>
/// <param name="Image">
/// What it runs on. Container back end: folder with a root file system, null for the host's own; what the program writes is
/// kept apart from it. Virtual machine back end: a disk (qcow2 or raw), null for none. The process back end has none.
/// </param>
public sealed record VmProgram(
    string Executable,
    IReadOnlyList<string> Arguments,
    IReadOnlyDictionary<string, string> Environment,
    string WorkingDirectory,
    string Listen,
    string? Next,
    string? HealthPath,
    string? Image = null);
