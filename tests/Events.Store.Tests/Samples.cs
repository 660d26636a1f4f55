using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Store.Tests;

/// <summary>An instance of everything that streams and snapshots hold, with nothing left out and no value twice.</summary>
internal static class Samples
{
    public static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>One event of each type.</summary>
    public static IEnumerable<IDomainEvent> Events => Wire.Types
        .Where(type => type.IsAssignableTo(typeof(IDomainEvent)))
        .OrderBy(Wire.NameOf, StringComparer.Ordinal)
        .Select(type => (IDomainEvent)new Maker().Make(type));

    /// <summary>A state in which everything is known.</summary>
    public static TState State<TState>()
        where TState : IState<TState> => (TState)new Maker().Make(typeof(TState));

    /// <summary>Streams as the first released program wrote them.</summary>
    public static ILookup<string, (string Type, string Json)> OfFirstProgram { get; } =
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Stored", "v1.jsonl"))
            .Select(line => JsonNode.Parse(line)!)
            .ToLookup(
                line => line["stream"]!.GetValue<string>(),
                line => (line["type"]!.GetValue<string>(), line["data"]!.ToJsonString()));

    private sealed class Maker
    {
        private int next;

        public object Make(Type type)
        {
            var number = ++next;
            if (Nullable.GetUnderlyingType(type) is { } underlying)
                return Make(underlying);
            if (type.IsEnum)
                return Enum.GetValues(type).GetValue(number % Enum.GetValues(type).Length)!;
            if (type.IsGenericType && type.GetGenericArguments() is [var item])
                return MakeList(type.GetGenericTypeDefinition(), item);
            if (type.IsGenericType && type.GetGenericArguments() is [var key, var value])
                return MakeDictionary(type.GetGenericTypeDefinition(), key, value);
            return type switch
            {
                _ when type == typeof(string) => number % 2 == 0 ? $"Name-{number}" : $"name-{number}",
                _ when type == typeof(bool) => true,
                _ when type == typeof(int) => number,
                _ when type == typeof(long) => (long)number << 33,
                _ when type == typeof(ulong) => ulong.MaxValue - (ulong)number,
                _ when type == typeof(double) => number + 0.1,
                _ when type == typeof(Guid) => DeterministicId.From(Guid.Empty, $"{number}"),
                _ when type == typeof(TimeSpan) => TimeSpan.FromTicks(12_345_678L + number),
                _ when type == typeof(DateTimeOffset) => Noon.AddTicks(1_234_567 + number),
                _ when type == typeof(Cell) => new Cell(number, 2),
                _ when type == typeof(Allocation) => new Allocation([new("Tunable", number), new("cpu", 0.1 * number), new("memory", 256)]),
                _ when type == typeof(Measurement) => Measurement.Of("p95Ms", number).With("meanMs", 0.1 * number, 0.3),
                _ => Construct(type),
            };
        }

        private object Construct(Type type)
        {
            var constructor = type.GetConstructors()
                .Where(candidate => candidate.GetParameters() is not [{ ParameterType: var only }] || only != type)
                .MaxBy(candidate => candidate.GetParameters().Length) ?? throw new InvalidOperationException($"{type} has no constructor");
            return constructor.Invoke([.. constructor.GetParameters().Select(parameter => Make(parameter.ParameterType))]);
        }

        private object MakeList(Type generic, Type item)
        {
            var items = Array.CreateInstance(item, 3);
            for (var i = 0; i < items.Length; i++)
                items.SetValue(Make(item), i);
            return generic switch
            {
                _ when generic == typeof(ImmutableList<>) => Call(typeof(ImmutableList), nameof(ImmutableList.CreateRange), [item], items),
                _ when generic == typeof(ImmutableArray<>) =>
                    Call(typeof(ImmutableArray), nameof(ImmutableArray.CreateRange), [item], items),
                _ when generic == typeof(ImmutableSortedSet<>) =>
                    Call(typeof(ImmutableSortedSet), nameof(ImmutableSortedSet.CreateRange), [item], items),
                _ => items,
            };
        }

        private object MakeDictionary(Type generic, Type key, Type value)
        {
            var entries = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(key, value))!;
            // Names whose order depends on the language where it is not that of the characters' codes.
            foreach (var name in new[] { "b", "B", "a-1", "a1", "A2", "ä" })
                entries.Add(key == typeof(string) ? name : Make(key), Make(value));
            if (generic != typeof(ImmutableSortedDictionary<,>))
                return entries;
            var comparer = key == typeof(string) ? (object)StringComparer.Ordinal : Comparer<Cell>.Default;
            return Call(typeof(ImmutableSortedDictionary), nameof(ImmutableSortedDictionary.CreateRange), [key, value], comparer, entries);
        }

        private static object Call(Type type, string name, Type[] generics, params object[] arguments)
        {
            foreach (var method in type.GetMethods(BindingFlags.Public | BindingFlags.Static)
                .Where(candidate => candidate.Name == name && candidate.GetParameters().Length == arguments.Length
                    && candidate.GetGenericArguments().Length == generics.Length))
            {
                var closed = method.MakeGenericMethod(generics);
                if (closed.GetParameters().Zip(arguments).All(pair => pair.First.ParameterType.IsInstanceOfType(pair.Second)))
                    return closed.Invoke(null, arguments)!;
            }

            throw new InvalidOperationException($"{type}.{name}");
        }
    }
}
