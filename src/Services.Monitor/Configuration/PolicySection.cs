using System.Globalization;
using JustRunIt.Events.Matrices.Filling;
using JustRunIt.Events.Settings;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.Services.Monitor.Configuration;

/// <summary>The optional group <c>policy</c> of the services' file: what deciders take for granted in this data centre.</summary>
internal static class PolicySection
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Year = TimeSpan.FromDays(365);

    /// <summary>Reads the group; what it does not name has its default.</summary>
    /// <exception cref="ConfigurationException">The first thing that is wrong in it.</exception>
    public static Policy Read(YamlField? field)
    {
        if (field is null)
            return Policy.Default;
        field.Group("name", "monitoring", "exploring", "filling", "checking", "placing");
        return new Policy(
            field.Optional("name")?.Text() ?? "configured",
            0,
            Exploring(field.Optional("exploring"), new ExploringPolicy()),
            Filling(field.Optional("filling"), new FillingPolicy()),
            Checking(field.Optional("checking"), new CheckingPolicy()),
            Placing(field.Optional("placing"), new PlacingPolicy()))
        {
            Monitoring = Monitoring(field.Optional("monitoring"), new MonitoringPolicy()),
        };
    }

    private static MonitoringPolicy Monitoring(YamlField? field, MonitoringPolicy unsaid)
    {
        if (field is null)
            return unsaid;
        field.Group("clockTolerance", "slackChange", "slackReminder");
        return new MonitoringPolicy
        {
            ClockTolerance = field.Optional("clockTolerance")?.Duration(Second, Hour) ?? unsaid.ClockTolerance,
            SlackChange = field.Optional("slackChange")?.Fraction(0, 1) ?? unsaid.SlackChange,
            SlackReminder = field.Optional("slackReminder")?.Duration(Second, Year) ?? unsaid.SlackReminder,
        };
    }

    private static ExploringPolicy Exploring(YamlField? field, ExploringPolicy unsaid)
    {
        if (field is null)
            return unsaid;
        field.Group(
            "cloneTimeout",
            "experimentGrace",
            "sandboxRetryAfter",
            "cloneAttempts",
            "repetitions",
            "errorTolerance",
            "sourceTolerance");
        return new ExploringPolicy
        {
            CloneTimeout = field.Optional("cloneTimeout")?.Duration(Second, Day) ?? unsaid.CloneTimeout,
            ExperimentGrace = field.Optional("experimentGrace")?.Duration(Second, Day) ?? unsaid.ExperimentGrace,
            SandboxRetryAfter = field.Optional("sandboxRetryAfter")?.Duration(Second, Day) ?? unsaid.SandboxRetryAfter,
            CloneAttempts = field.Optional("cloneAttempts")?.Whole(1, 100) ?? unsaid.CloneAttempts,
            Repetitions = field.Optional("repetitions")?.Whole(0, 100) ?? unsaid.Repetitions,
            ErrorTolerance = field.Optional("errorTolerance")?.Fraction(0, 1) ?? unsaid.ErrorTolerance,
            SourceTolerance = field.Optional("sourceTolerance")?.Fraction(0, 10) ?? unsaid.SourceTolerance,
        };
    }

    private static FillingPolicy Filling(YamlField? field, FillingPolicy unsaid)
    {
        if (field?.Group("method").Optional("method") is not { } method)
            return unsaid;
        return InterpolationMethods.Names.Contains(method.Text())
            ? new FillingPolicy { Method = method.Text() }
            : throw method.Error(string.Join(", ", InterpolationMethods.Names));
    }

    private static CheckingPolicy Checking(YamlField? field, CheckingPolicy unsaid) =>
        new() { Patience = field?.Group("patience").Optional("patience")?.Duration(Second, Day) ?? unsaid.Patience };

    private static PlacingPolicy Placing(YamlField? field, PlacingPolicy unsaid)
    {
        if (field is null)
            return unsaid;
        field.Group(
            "retryAfter",
            "stepTimeout",
            "matrixValidFor",
            "contradictionErrors",
            "weights",
            "tiersApart",
            "sameTierOfServiceApart",
            "annealing");
        var annealing = field.Optional("annealing")?.Group("iterations", "iterationsPerVm", "firstTemperature", "lastTemperature");
        var first = annealing?.Optional("firstTemperature")?.Number(1e-3, 1e9) ?? unsaid.FirstTemperature;
        var last = annealing?.Optional("lastTemperature")?.Number(1e-3, 1e9) ?? unsaid.LastTemperature;
        if (last > first)
        {
            throw (annealing!.Optional("lastTemperature") ?? annealing.Required("firstTemperature")).Error(
                annealing.Optional("lastTemperature") is null
                    ? string.Create(CultureInfo.InvariantCulture, $"at least the last temperature, {last}")
                    : string.Create(CultureInfo.InvariantCulture, $"at most the first temperature, {first}"));
        }

        return new PlacingPolicy
        {
            RetryAfter = field.Optional("retryAfter")?.Duration(Second, Day) ?? unsaid.RetryAfter,
            StepTimeout = field.Optional("stepTimeout")?.Duration(Second, Day) ?? unsaid.StepTimeout,
            MatrixValidFor = field.Optional("matrixValidFor")?.Duration(Second, Day) ?? unsaid.MatrixValidFor,
            ContradictionErrors = field.Optional("contradictionErrors")?.Number(0, 100) ?? unsaid.ContradictionErrors,
            Weights = Weights(field.Optional("weights")) ?? unsaid.Weights,
            TiersApart = field.Optional("tiersApart")?.Truth() ?? unsaid.TiersApart,
            SameTierOfServiceApart = field.Optional("sameTierOfServiceApart")?.Truth() ?? unsaid.SameTierOfServiceApart,
            AnnealingIterations = annealing?.Optional("iterations")?.Whole(0, 10_000_000) ?? unsaid.AnnealingIterations,
            AnnealingIterationsPerVm = annealing?.Optional("iterationsPerVm")?.Whole(0, 1_000_000) ?? unsaid.AnnealingIterationsPerVm,
            FirstTemperature = first,
            LastTemperature = last,
        };
    }

    private static SortedDictionary<string, double>? Weights(YamlField? field)
    {
        if (field is null)
            return null;
        var weights = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var resource in ServicesFile.Resources)
        {
            if (field.Group(ServicesFile.Resources).Optional(resource) is { } weight)
                weights[resource] = weight.Number(0, 1e9);
        }

        return weights;
    }
}
