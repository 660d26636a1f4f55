using JustRunIt.HostAgent.BackEnds;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace JustRunIt.HostAgent.Tests.Compliance;

/// <summary>The back end that a class of facts is about.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class BackEndAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}

/// <summary>A fact of a back end: left out, with the reason and the remedy, where that back end does not work.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("JustRunIt.HostAgent.Tests.Compliance.ComplianceFactDiscoverer", "JustRunIt.HostAgent.Tests")]
public sealed class ComplianceFactAttribute : FactAttribute;

/// <summary>Asks the back end of the class.</summary>
public sealed class ComplianceFactDiscoverer(IMessageSink sink) : FactDiscoverer(sink)
{
    private static readonly Dictionary<string, string?> Problems = [];

    /// <summary>What a back end says of this machine; asked once.</summary>
    internal static string? Problem(string backEnd)
    {
        lock (Problems)
        {
            if (!Problems.TryGetValue(backEnd, out var problem))
            {
                problem = BackEndRegistry.All.First(candidate => candidate.Name == backEnd)
                    .ProbeAsync(Agent.SettingsOf("probe", backEnd, Path.GetTempPath()), CancellationToken.None).GetAwaiter().GetResult();
                Problems[backEnd] = problem;
            }

            return problem;
        }
    }

    protected override IXunitTestCase CreateTestCase(
        ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute)
    {
        var backEnd = testMethod.TestClass.Class.GetCustomAttributes(typeof(BackEndAttribute)).First()
            .GetConstructorArguments().OfType<string>().First();
        return Problem(backEnd) is { } problem
            ? new XunitSkippedDataRowTestCase(
                DiagnosticMessageSink, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(),
                testMethod, problem)
            : base.CreateTestCase(discoveryOptions, testMethod, factAttribute);
    }
}
