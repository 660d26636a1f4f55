using JustRunIt.Client.Supervision;

namespace JustRunIt.Demo;

/// <summary>
/// What the demonstration runs: §4.3 of the paper, scaled to one machine of two cores. Four auctions; the application server
/// of each has half a core of a simulated physical machine, two on a machine.
/// </summary>
/// <param name="Steady">Load before the surge.</param>
/// <param name="Measure">Measured part of an experiment.</param>
/// <param name="WarmUp">Part of an experiment before it.</param>
/// <param name="Window">Length of an SLA window.</param>
/// <param name="TimeLimit">It ends so long after the load has grown: how long servers take to start is the machine's.</param>
internal sealed record DemoPlan(TimeSpan Steady, TimeSpan Measure, TimeSpan WarmUp, TimeSpan Window, TimeSpan TimeLimit)
{
    /// <summary>Name of the data centre.</summary>
    public const string DataCenter = "demo";

    /// <summary>Name of the host agent, and of the proxy node.</summary>
    public const string Agent = "demo";

    /// <summary>How many auctions.</summary>
    public const int Services = 4;

    /// <summary>Real cores that a simulated one stands for: all machines of the demonstration share two.</summary>
    public const double CoreSize = 0.3;

    /// <summary>Share of a core that each application server has at first; in per cent.</summary>
    public const int InitialPercent = 50;

    /// <summary>The service whose load grows.</summary>
    public const int Surging = 0;

    /// <summary>
    /// Load before the surge as a fraction of what an application server can bear. With this, the agreement and the think time,
    /// a queue with processor sharing and as many clients breaks the agreement in a window in a thousand before the surge and
    /// in nine of ten after it; with 0.6 and long think times it would do both by chance.
    /// </summary>
    public const double InitialUtilization = 0.75;

    /// <summary>The agreement: so many times as long as a request takes on an idle server.</summary>
    public const double AgreedServiceTimes = 6.5;

    /// <summary>Mean think time of a client.</summary>
    public static readonly TimeSpan ThinkTime = TimeSpan.FromSeconds(2);

    /// <summary>Clients that saturate an application server while its capacity is measured.</summary>
    public const int CalibrationClients = 24;

    /// <summary>Items of each auction: what a page costs.</summary>
    public const int Items = 8000;

    /// <summary>Users of each auction.</summary>
    public const int Users = 200;

    /// <summary>Delay of the duplicates.</summary>
    public static readonly TimeSpan TimeShift = TimeSpan.FromSeconds(2);

    /// <summary>Some five minutes on two cores, of which one is the start.</summary>
    public static DemoPlan Full { get; } = new(
        Steady: TimeSpan.FromSeconds(40),
        Measure: TimeSpan.FromSeconds(30),
        WarmUp: TimeSpan.FromSeconds(6),
        Window: TimeSpan.FromSeconds(15),
        TimeLimit: TimeSpan.FromSeconds(250));

    /// <summary>Some three minutes on two cores, of which one is the start.</summary>
    public static DemoPlan Quick { get; } = new(
        Steady: TimeSpan.FromSeconds(12),
        Measure: TimeSpan.FromSeconds(12),
        WarmUp: TimeSpan.FromSeconds(3),
        Window: TimeSpan.FromSeconds(8),
        TimeLimit: TimeSpan.FromSeconds(120));

    /// <summary>
    /// How long a load is looked at before it grows further: a window that lies wholly in it has ended by then, and is heard of.
    /// </summary>
    public TimeSpan Patience => 2.5 * Window;

    /// <summary>The addresses of the auctions.</summary>
    public static IReadOnlyList<DemoService> Layout(Ports ports) =>
    [
        .. Enumerable.Range(0, Services).Select(index => new DemoService(
            $"auction-{index + 1}",
            $"app-{(index / 2) + 1}",
            Web: ports.Next(),
            InProxy: ports.Next(),
            Application: ports.Next(),
            OutProxy: ports.Next(),
            OutProxySandbox: ports.Next(),
            Data: ports.Next())),
    ];
}

/// <summary>One auction.</summary>
/// <param name="Name">The service's name.</param>
/// <param name="Machine">Where its application server starts.</param>
/// <param name="Web">Where the web tier listens.</param>
/// <param name="InProxy">Where the web tier finds the application tier.</param>
/// <param name="Application">Where the application server listens.</param>
/// <param name="OutProxy">Where the application server finds the database.</param>
/// <param name="OutProxySandbox">Where a clone finds the database.</param>
/// <param name="Data">Where the database listens.</param>
internal sealed record DemoService(
    string Name, string Machine, string Web, string InProxy, string Application, string OutProxy, string OutProxySandbox, string Data)
{
    /// <summary>Name of its application server.</summary>
    public string ApplicationVm => $"{Name}-app";
}
