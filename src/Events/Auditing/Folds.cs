using System.Collections.Frozen;
using System.Globalization;
using System.Reflection;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Auditing;

/// <summary>The rules by which this program folds states (<see cref="IState{TSelf}.Fold"/>).</summary>
internal static class Folds
{
    private static readonly FrozenDictionary<string, int> ByState = typeof(Folds).Assembly.GetTypes()
        .Where(type => !type.IsInterface && !type.ContainsGenericParameters && type.GetInterfaces().Any(
            each => each.IsGenericType && each.GetGenericTypeDefinition() == typeof(IState<>) && each.GenericTypeArguments[0] == type))
        .ToFrozenDictionary(type => type.Name, FoldOf, StringComparer.Ordinal);

    /// <summary>Why states that were read cannot be folded as they were then; null when they can, as far as the record says.</summary>
    public static string? Problem(DecisionRecord record)
    {
        foreach (var (state, fold) in record.Folds ?? FrozenDictionary<string, int>.Empty)
        {
            if (!ByState.TryGetValue(state, out var now))
                return $"{state} is gone, which it read";
            if (now != fold)
                return string.Create(CultureInfo.InvariantCulture, $"fold {fold} of {state} is gone; there is {now}");
        }

        return null;
    }

    private static int FoldOf(Type state) => (int)typeof(Folds)
        .GetMethod(nameof(Fold), BindingFlags.NonPublic | BindingFlags.Static)!
        .MakeGenericMethod(state)
        .Invoke(null, [])!;

    private static int Fold<TState>()
        where TState : IState<TState> => TState.Fold;
}
