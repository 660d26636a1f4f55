using System.Text.Json;
using JustRunIt.Samples.Core.CommandLine;

namespace JustRunIt.Samples.Emulating;

/// <summary>A Markov model of what clients do: for each interaction the probabilities of the next.</summary>
public sealed class Mix
{
    private const double Tolerance = 1e-9;

    private readonly double[,] probability;
    private readonly HashSet<string> writes = [];

    private Mix(IReadOnlyList<string> states)
    {
        States = states;
        probability = new double[states.Count, states.Count];
    }

    /// <summary>Names of the interactions; a session begins with the first.</summary>
    public IReadOnlyList<string> States { get; }

    /// <summary>Fraction of the requests that read and write, in the long run.</summary>
    public double WriteFraction => LongRun().Where((_, state) => writes.Contains(States[state])).Sum();

    /// <summary>Reads a model: an object with <c>transitions</c> and <c>writes</c>.</summary>
    /// <param name="file">JSON.</param>
    /// <param name="known">The interactions that the clients can do; the model must have all of them and no other.</param>
    /// <exception cref="UsageException">The file is no such model; the message names what is wrong.</exception>
    public static Mix Read(string file, IReadOnlyList<string> known)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllText(file));
            var mix = new Mix(known);
            var rows = json.RootElement.GetProperty("transitions");
            foreach (var from in known)
            {
                if (!rows.TryGetProperty(from, out var row))
                    throw new UsageException($"{file}: transitions.{from}: missing");
                mix.ReadRow(file, from, row);
            }

            foreach (var name in json.RootElement.GetProperty("writes").EnumerateArray())
                mix.writes.Add(mix.States[mix.IndexOf(name.GetString()!, $"{file}: writes")]);
            return mix;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException
            or KeyNotFoundException or InvalidOperationException)
        {
            throw new UsageException($"--mix: '{file}' is not readable as a transition table: {e.Message}");
        }
    }

    /// <summary>Whether an interaction changes what later pages show.</summary>
    public bool IsWrite(string interaction) => writes.Contains(interaction);

    /// <summary>Draws the next interaction.</summary>
    public string Next(string from, Random random)
    {
        var draw = random.NextDouble();
        var row = IndexOf(from, "state");
        for (var to = 0; to < States.Count; to++)
        {
            draw -= probability[row, to];
            if (draw < 0)
                return States[to];
        }

        return States[0];
    }

    /// <summary>Fraction of each interaction in the long run: the stationary distribution, by power iteration.</summary>
    public double[] LongRun()
    {
        const int Rounds = 10_000;
        var current = Enumerable.Repeat(1.0 / States.Count, States.Count).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            var next = new double[States.Count];
            for (var from = 0; from < States.Count; from++)
            {
                for (var to = 0; to < States.Count; to++)
                    next[to] += current[from] * probability[from, to];
            }

            current = next;
        }

        return current;
    }

    private void ReadRow(string file, string from, JsonElement row)
    {
        var sum = 0.0;
        foreach (var entry in row.EnumerateObject())
        {
            var field = $"{file}: transitions.{from}.{entry.Name}";
            var to = IndexOf(entry.Name, field);
            var value = entry.Value.GetDouble();
            if (value is < 0 or > 1)
                throw new UsageException($"{field}: {value}; allowed is 0 to 1");
            probability[IndexOf(from, field), to] = value;
            sum += value;
        }

        if (Math.Abs(sum - 1) > Tolerance)
            throw new UsageException($"{file}: transitions.{from}: sums up to {sum}; allowed is 1");
    }

    private int IndexOf(string name, string field)
    {
        for (var state = 0; state < States.Count; state++)
        {
            if (States[state] == name)
                return state;
        }

        throw new UsageException($"{field}: unknown; allowed are {string.Join(", ", States)}");
    }
}
