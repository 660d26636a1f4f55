using System.Collections;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events;

/// <summary>A message of each type with a value in every field, the same each time: for contracts, and for those who read them.</summary>
public static class Examples
{
    /// <summary>The example of a message, or of a part of one.</summary>
    public static object Of(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        if (Nullable.GetUnderlyingType(type) is { } underlying)
            return Of(underlying);
        if (type == typeof(string))
            return "text";
        if (type == typeof(Guid))
            return Guid.Parse("01234567-89ab-cdef-0123-456789abcdef");
        if (type == typeof(DateTimeOffset))
            return new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        if (type == typeof(TimeSpan))
            return TimeSpan.FromMilliseconds(1234.5);
        if (type == typeof(CpuShare))
            return new CpuShare(0.6);
        if (type == typeof(MemorySize))
            return MemorySize.FromMebibytes(256);
        if (type == typeof(Frequency))
            return Frequency.FromMegahertz(1800);
        if (type == typeof(Allocation))
            return Allocation.Of(new CpuShare(0.6), MemorySize.FromMebibytes(256), Frequency.FromMegahertz(1800)).With("threads", 8);
        if (type == typeof(Measurement))
            return Measurement.Of(MetricNames.MeanMs, 231.5, 3.25).With(MetricNames.ThroughputPerSecond, 18.5);
        if (type == typeof(Watts))
            return new Watts(80.5);
        if (type == typeof(Cell))
            return new Cell(1, 2);
        if (type == typeof(bool))
            return true;
        if (type.IsEnum)
            return Enum.GetValues(type).GetValue(0)!;
        if (type.IsPrimitive)
            return Convert.ChangeType(7, type, System.Globalization.CultureInfo.InvariantCulture);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
        {
            var list = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(type.GetGenericArguments()))!;
            list.Add(Of(type.GetGenericArguments()[0]));
            return list;
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
        {
            var map = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(type.GetGenericArguments()))!;
            map.Add("key", Of(type.GetGenericArguments()[1]));
            return map;
        }

        var constructor = type.GetConstructors().MaxBy(candidate => candidate.GetParameters().Length)!;
        return constructor.Invoke([.. constructor.GetParameters().Select(parameter => Of(parameter.ParameterType))]);
    }
}
