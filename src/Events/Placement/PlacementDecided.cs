using System.Text.Json.Serialization;
using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement.Plans;

namespace JustRunIt.Events.Placement;

/// <summary>
/// Which virtual machine runs where: fewest machines, then fewest migrations, then a choice by the seed (§3.1). On the
/// data centre's stream, by Placement.
/// </summary>
/// <param name="DecisionId">The decision.</param>
/// <param name="Seed">Of the simulated annealing; the same seed gives the same answer.</param>
/// <param name="Feasible">False when the machines do not suffice: nothing is changed then.</param>
/// <param name="Problem">What does not fit, when not feasible.</param>
/// <param name="Machines">Machine of every virtual machine.</param>
/// <param name="MachinesBefore">Machines in use before.</param>
/// <param name="MachinesAfter">Machines in use after.</param>
/// <param name="LowerBound">No placement can use fewer machines than this.</param>
/// <param name="Migrations">How many virtual machines move.</param>
/// <param name="Steps">In an order in which no machine is over its capacity on the way.</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.placement-decided.v2")]
public sealed record PlacementDecided(
    Guid DecisionId,
    [property: JsonNumberHandling(JsonNumberHandling.WriteAsString | JsonNumberHandling.AllowReadingFromString)] ulong Seed,
    bool Feasible,
    string? Problem,
    IReadOnlyDictionary<string, string> Machines,
    int MachinesBefore,
    int MachinesAfter,
    int LowerBound,
    int Migrations,
    IReadOnlyList<PlacementStep> Steps,
    DateTimeOffset At) : IDomainEvent, IPlacementProgress;
