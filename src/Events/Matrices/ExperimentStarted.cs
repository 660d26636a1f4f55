using JustRunIt.Events.Explorations;
using JustRunIt.Events.Matrices.Geometry;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;

namespace JustRunIt.Events.Matrices;

/// <summary>An experiment with one cell begins: the clone is to be given the cell's allocation. On the matrix' stream, by the Experimenter.</summary>
/// <param name="MatrixId">The matrix.</param>
/// <param name="ExperimentId">The experiment.</param>
/// <param name="Cell">The cell.</param>
/// <param name="Values">The cell's value in each dimension.</param>
/// <param name="Cpu">The CPU share to set.</param>
/// <param name="Memory">The memory limit to set; null leaves it.</param>
/// <param name="Purpose">Exploration or validation.</param>
/// <param name="Service">The service.</param>
/// <param name="Tier">The tier.</param>
/// <param name="CloneName">The clone.</param>
/// <param name="Endpoint">host:port of the clone.</param>
/// <param name="Agent">The clone's host agent.</param>
/// <param name="ProxyNode">The proxy node around the original.</param>
/// <param name="Durations">How long each part takes.</param>
/// <param name="At">When (UTC).</param>
/// <param name="Frequency">The highest frequency to set; null leaves it.</param>
[WireName("justrunit.experiment-started.v1")]
public sealed record ExperimentStarted(
    Guid MatrixId,
    Guid ExperimentId,
    Cell Cell,
    IReadOnlyList<double> Values,
    CpuShare Cpu,
    MemorySize? Memory,
    ExperimentPurpose Purpose,
    string Service,
    string Tier,
    string CloneName,
    string Endpoint,
    string Agent,
    string ProxyNode,
    ExperimentDurations Durations,
    DateTimeOffset At,
    Frequency? Frequency = null) : IDomainEvent;
