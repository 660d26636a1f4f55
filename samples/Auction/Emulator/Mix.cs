using System.Text.Json;
using JustRunIt.Auction.Shared.CommandLine;

namespace JustRunIt.Auction.Emulator;

/// <summary>What a client does: the states of the Markov model.</summary>
internal enum Interaction
{
    Home,
    Category,
    Search,
    Item,
    History,
    User,
    BidForm,
    Bid,
    Account,
    Sell,
}

/// <summary>A Markov model of what clients do: for each interaction the probabilities of the next.</summary>
internal sealed class Mix
{
    private const double Tolerance = 1e-9;

    private readonly double[,] probability = new double[States.Length, States.Length];

    private Mix()
    {
    }

    /// <summary>All states.</summary>
    public static Interaction[] States { get; } = Enum.GetValues<Interaction>();

    /// <summary>Reads a model.</summary>
    /// <exception cref="UsageException">The file is no such model; the message names what is wrong.</exception>
    public static Mix Read(string file)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllText(file));
            var mix = new Mix();
            var rows = json.RootElement.GetProperty("transitions");
            foreach (var from in States)
            {
                if (!rows.TryGetProperty(Name(from), out var row))
                    throw new UsageException($"{file}: transitions.{Name(from)}: missing");
                mix.ReadRow(file, from, row);
            }

            return mix;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new UsageException($"--mix: '{file}' is not readable as a transition table: {e.Message}");
        }
    }

    /// <summary>Whether an interaction changes what others see.</summary>
    public static bool IsWrite(Interaction interaction) => interaction is Interaction.Bid or Interaction.Sell;

    /// <summary>Draws the next interaction.</summary>
    public Interaction Next(Interaction from, Random random)
    {
        var draw = random.NextDouble();
        foreach (var to in States)
        {
            draw -= probability[(int)from, (int)to];
            if (draw < 0)
                return to;
        }

        return Interaction.Home;
    }

    /// <summary>Fraction of each interaction in the long run: the stationary distribution, by power iteration.</summary>
    public double[] LongRun()
    {
        const int Rounds = 10_000;
        var current = Enumerable.Repeat(1.0 / States.Length, States.Length).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            var next = new double[States.Length];
            for (var from = 0; from < States.Length; from++)
            {
                for (var to = 0; to < States.Length; to++)
                    next[to] += current[from] * probability[from, to];
            }

            current = next;
        }

        return current;
    }

    private void ReadRow(string file, Interaction from, JsonElement row)
    {
        var sum = 0.0;
        foreach (var entry in row.EnumerateObject())
        {
            var to = States.Where(state => Name(state) == entry.Name).Cast<Interaction?>().FirstOrDefault()
                ?? throw new UsageException($"{file}: transitions.{Name(from)}.{entry.Name}: unknown; allowed are {string.Join(", ", States.Select(Name))}");
            var value = entry.Value.GetDouble();
            if (value is < 0 or > 1)
                throw new UsageException($"{file}: transitions.{Name(from)}.{entry.Name}: {value}; allowed is 0 to 1");
            probability[(int)from, (int)to] = value;
            sum += value;
        }

        if (Math.Abs(sum - 1) > Tolerance)
            throw new UsageException($"{file}: transitions.{Name(from)}: sums up to {sum}; allowed is 1");
    }

    private static string Name(Interaction interaction) => JsonNamingPolicy.CamelCase.ConvertName(interaction.ToString());
}
