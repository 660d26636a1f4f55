using System.Text.RegularExpressions;
using JustRunIt.Events.Naming;
using JustRunIt.HostAgent.Machines;
using JustRunIt.Hosting;

namespace JustRunIt.HostAgent.Moving;

/// <summary>
/// What another agent offers, before anything of it reaches a path, a namespace or the kernel's rules: it came over a socket, and its
/// names are those that agents give, or it is refused.
/// </summary>
internal static partial class OfferCheck
{
    private const int HighestNetwork = 250;
    private const int MostMoves = 1_000_000;
    private const string RecordFolder = "moves";

    /// <summary>Why an offer is refused; null when it is not.</summary>
    /// <param name="offer">The offer.</param>
    /// <param name="expected">The virtual machine that was told of; null for any.</param>
    public static string? Problem(Handshake.Offer offer, string? expected)
    {
        var vm = offer.Vm;
        if ((Name.Problem("vm", vm.Name) ?? Name.Problem("start.vm", vm.Start.Vm)) is { } problem)
            return problem;
        if (expected is not null && vm.Name != expected)
            return $"vm: '{vm.Name}' is offered; allowed is {expected}, which was told of";
        if (vm.Origin is not null)
            return $"vm: '{vm.Name}' is a clone; allowed is an on-line server";
        if (vm.Moves is not (>= 0 and < MostMoves))
            return $"moves: '{vm.Moves}'; allowed is a number from 0 to {MostMoves}";
        if (vm.Network is not (>= 0 and <= HighestNetwork))
            return $"network: '{vm.Network}'; allowed is a number from 0 to {HighestNetwork}";
        if (!NamespaceName().IsMatch(offer.Namespace))
            return $"namespace: '{Name.Shown(offer.Namespace)}'; allowed is the name of an agent's network";
        if (!TableName().IsMatch(offer.Table))
            return $"table: '{Name.Shown(offer.Table)}'; allowed is the name of an agent's rules";
        if (!IsRecord(offer.Record, vm.Name))
            return $"record: '{Name.Shown(offer.Record)}'; allowed is the path of a record of the move of {vm.Name}";
        if (!Endpoint.TryParse(vm.Endpoint, EndpointKinds.HostName, out _))
            return $"endpoint: '{Name.Shown(vm.Endpoint)}'; allowed is {Endpoint.Allowed(EndpointKinds.HostName)}";
        if (vm.Details.Concat(offer.Details).FirstOrDefault(detail => !IsPlain(detail.Value)).Key is { } detail)
            return $"{Name.Shown(detail)}: it holds control characters; allowed is plain text";
        try
        {
            ProgramCheck.Check(vm.Start.Program);
            return null;
        }
        catch (HostException e)
        {
            return e.Message;
        }
    }

    /// <summary>A path that another agent said.</summary>
    /// <exception cref="HostException">It is none, or none in one form.</exception>
    public static string PathOf(string key, string path) => IsPath(path)
        ? path
        : throw new HostException($"{key}: '{Name.Shown(path)}'; allowed is an absolute path");

    private static bool IsRecord(string path, string vm) =>
        IsPath(path)
        && Path.GetFileName(Path.GetDirectoryName(path)) == RecordFolder
        && Path.GetFileName(path) is var file
        && file.StartsWith($"{vm}-", StringComparison.Ordinal)
        && Guid.TryParseExact(file[(vm.Length + 1)..], "N", out _);

    private static bool IsPath(string path) => path is ['/', ..] && IsPlain(path) && Path.GetFullPath(path) == path;

    private static bool IsPlain(string text) => !text.Any(char.IsControl);

    [GeneratedRegex(@"\Ajri-[0-9a-f]{8}-[0-9]{1,3}(-inner)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamespaceName();

    [GeneratedRegex(@"\Ajustrunit_[0-9a-f]{8}_[0-9]{1,3}\z", RegexOptions.CultureInvariant)]
    private static partial Regex TableName();
}
