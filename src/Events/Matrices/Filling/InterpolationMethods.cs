using System.Collections.Immutable;

namespace JustRunIt.Events.Matrices.Filling;

/// <summary>The interpolation methods by name: a new one is a class and a line here.</summary>
public static class InterpolationMethods
{
    private static readonly ImmutableSortedDictionary<string, IInterpolationMethod> ByName =
        new IInterpolationMethod[] { new LinearInterpolation() }
            .ToImmutableSortedDictionary(method => method.Name, method => method, StringComparer.Ordinal);

    /// <summary>Names of all methods.</summary>
    public static IEnumerable<string> Names => ByName.Keys;

    /// <summary>The method of a name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static IInterpolationMethod Named(string name) => ByName.TryGetValue(name, out var method)
        ? method
        : throw new ArgumentException($"'{name}' is no interpolation method; allowed are {string.Join(", ", Names)}.", nameof(name));
}
