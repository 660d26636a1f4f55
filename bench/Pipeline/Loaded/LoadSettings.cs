namespace JustRunIt.Bench.Pipeline.Loaded;

/// <summary>How much is simulated.</summary>
/// <param name="Services">Services under management, each of which is reported of every second.</param>
/// <param name="Explorations">How many of them break their agreement all the time, so that they are explored over and over.</param>
/// <param name="Time">How long it is measured.</param>
/// <param name="Measure">How long an experiment measures, in seconds; its other parts take a third of that, as by default.</param>
internal sealed record LoadSettings(int Services, int Explorations, TimeSpan Time, int Measure)
{
    public const string DataCenter = "simulated";
    public const string Tier = "application";
    private const int Experiments = 3;
    public const string Node = "simulated-node";

    /// <summary>Services share agents, each with a production machine and a sandbox, so that every exploration has its own.</summary>
    public int Agents => Math.Max(1, Explorations);

    /// <summary>Explorations begin one after the other over this time, and go on so: services do not break at the same second.</summary>
    public TimeSpan Spread => TimeSpan.FromSeconds(Experiments * 2 * Measure);

    public static string Service(int index) => $"simulated-{index}";

    public static string Vm(int index) => $"simulated-vm-{index}";

    public static string Agent(int index) => $"simulated-agent-{index}";

    public static string Machine(int agent) => $"simulated-host-{agent}";

    public static string Sandbox(int agent) => $"simulated-sandbox-{agent}";

    public int AgentOf(int service) => service % Agents;

    /// <summary>
    /// The Monitor's configuration. Packing is not what is measured: it is not annealed, and its cost grows with the data centre.
    /// </summary>
    public string File()
    {
        var other = $"{Math.Max(1, Measure / 3)}s";
        var text = new System.Text.StringBuilder(
            $$"""
            dataCenter: {{DataCenter}}
            policy:
              name: simulated
              placing: { annealing: { iterations: 0, iterationsPerVm: 0 } }
            services:

            """);
        for (var i = 0; i < Services; i++)
        {
            text.Append(
                $$"""
                  - name: {{Service(i)}}
                    sla: { meanResponseTime: 100ms, window: 10s, measuredAt: {{Tier}}, repeatAfterWindows: 6 }
                    tiers:
                      - { name: {{Tier}}, vms: [{{Vm(i)}}], proxyNode: {{Node}} }
                    exploration:
                      tiers: [{{Tier}}]
                      resources:
                        - { name: cpu, minimum: 60 %, maximum: 100 %, points: 5 }
                      experiments: {{Experiments}}
                      timeBudget: 1h
                      timeShift: {{other}}
                      settleLimit: {{other}}
                      warmUp: {{other}}
                      measure: {{Measure}}s
                      cooldown: 1s

                """);
        }

        return text.ToString();
    }
}
