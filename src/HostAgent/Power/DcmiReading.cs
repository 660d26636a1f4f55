using System.Globalization;
using JustRunIt.Events.Quantities;

namespace JustRunIt.HostAgent.Power;

/// <summary>What <c>ipmitool dcmi power reading</c> prints of the Get Power Reading command (DCMI 1.5, §6.6.1).</summary>
internal static class DcmiReading
{
    private const string Instantaneous = "Instantaneous power reading";
    private const string State = "Power reading state is";

    /// <summary>The power now.</summary>
    /// <exception cref="PowerMeterException">The output holds none, or says that power measurement is off.</exception>
    public static Watts Parse(string output)
    {
        var fields = output.Split('\n')
            .Select(line => line.Split(':', 2))
            .Where(parts => parts.Length == 2)
            .GroupBy(parts => parts[0].Trim())
            .ToDictionary(group => group.Key, group => group.First()[1].Trim());
        if (fields.TryGetValue(State, out var state) && state != "activated")
            throw new PowerMeterException($"the management processor says that power measurement is {state}");
        return fields.TryGetValue(Instantaneous, out var value)
            && value.Split(' ') is [var number, "Watts"]
            && double.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var watts)
                ? new Watts(watts)
                : throw new PowerMeterException($"ipmitool answers without a line '{Instantaneous}: N Watts'");
    }
}
