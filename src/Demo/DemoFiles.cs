using System.Globalization;
using JustRunIt.Client.Supervision;
using JustRunIt.Hosting.Files;

namespace JustRunIt.Demo;

/// <summary>Writes the configuration files of the demonstration: the same files that a user would write.</summary>
internal sealed class DemoFiles(string folder, DemoPlan plan, string backEnd, IReadOnlyList<DemoService> services)
{
    /// <summary>The host agent's file.</summary>
    public string WriteAgent() => Write("host-agent.yaml", string.Create(CultureInfo.InvariantCulture, $$"""
        dataCenter: {{DemoPlan.DataCenter}}
        agent: {{DemoPlan.Agent}}
        stateFolder: {{Path.Combine(folder, "host-agent")}}
        backEnd: {{backEnd}}
        onStop: stop         # the servers end with the demonstration
        simulated: true      # the machines are capped control groups on this one
        coreSize: {{DemoPlan.CoreSize}}        # real cores that one of their cores stands for
        machines:
          - { name: app-1, role: production, cpu: 100 %, memoryMiB: 1024 }
          - { name: app-2, role: production, cpu: 100 %, memoryMiB: 1024 }
          - { name: app-3, role: spare, cpu: 100 %, memoryMiB: 1024 }
          - { name: web-1, role: production, cpu: 400 %, memoryMiB: 2048 }
          - { name: data-1, role: production, cpu: 400 %, memoryMiB: 2048 }
          - { name: sandbox-1, role: sandbox, cpu: 200 %, memoryMiB: 1024 }
        allow:
          programs:
            - { executable: dotnet, arguments: ["{{Programs.Home}}/samples/Auction/*.dll", "**"] }

        """));

    /// <summary>The proxy node's file.</summary>
    public string WriteProxies() => Write(
        "proxy-node.yaml",
        $$"""
        node: {{DemoPlan.Agent}}
        reportEvery: 1s
        tiers:

        """ + string.Concat(services.Select(service => $$"""
          - service: {{service.Name}}
            tier: application
            listen: "{{service.InProxy}}"
            upstream: "{{service.Application}}"
            outProxies:
              - name: data
                protocol: mysql
                listen: "{{service.OutProxy}}"
                upstream: "{{service.Data}}"
                sandboxListen: "{{service.OutProxySandbox}}"
            wildcards:
              sql:
                - "'[0-9a-f]{32}'" # session
                - "'20[0-9]{2}-[0-9]{1,2}-[0-9]{1,2} [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}'" # the application's clock

        """)));

    /// <summary>The Monitor's file.</summary>
    /// <param name="agreed">The agreed mean response time.</param>
    public string WriteServices(TimeSpan agreed) => Write(
        "services.yaml",
        $$"""
        dataCenter: {{DemoPlan.DataCenter}}
        services:

        """ + string.Concat(services.Select(service => string.Create(CultureInfo.InvariantCulture, $$"""
          - name: {{service.Name}}
            sla:
              meanResponseTime: {{agreed.TotalMilliseconds:0.#}}ms
              window: {{plan.Window.TotalSeconds:0}}s
              measuredAt: application
              slackThreshold: 100 %
              minimumRequests: 30
              repeatAfterWindows: 6
            tiers:
              - name: application
                vms: [{{service.ApplicationVm}}]
                proxyNode: {{DemoPlan.Agent}}
                sandboxNext: "{{service.OutProxySandbox}}"
            exploration:
              tiers: [application]
              resources:
                - { name: cpu, minimum: 60 %, maximum: 100 %, points: 5 }
              experiments: 3
              timeBudget: 4min
              timeShift: {{DemoPlan.TimeShift.TotalSeconds:0}}s
              settleLimit: 3s
              warmUp: {{plan.WarmUp.TotalSeconds:0}}s
              measure: {{plan.Measure.TotalSeconds:0}}s
              slack: 20 %
              mismatchThreshold: 25 %
              cooldown: 30s

        """))));

    private string Write(string name, string text)
    {
        OwnerOnly.Folder(folder);
        var file = Path.Combine(folder, name);
        OwnerOnly.WriteAllText(file, text);
        return file;
    }
}
