using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace JustRunIt.Hosting.Configuration;

/// <summary>One value of a YAML (or JSON) file, which knows its file, line and field, so that every complaint can name them.</summary>
public sealed class YamlField(string file, string path, YamlNode node)
{
    /// <summary>The error for this field.</summary>
    public ConfigurationException Error(string allowed) =>
        new($"{file}:{node.Start.Line}: {path}: {Shown}; allowed is {allowed}");

    private string Shown => node is YamlScalarNode scalar ? $"'{scalar.Value}'" : node is YamlMappingNode ? "a group of fields" : "a list";

    /// <summary>The whole file.</summary>
    /// <exception cref="ConfigurationException">It cannot be read, or is no YAML.</exception>
    public static YamlField Root(string file)
    {
        try
        {
            using var reader = new StreamReader(file);
            var yaml = new YamlStream();
            yaml.Load(new ShallowParser(new Parser(reader)));
            return yaml.Documents.Count == 1
                ? new YamlField(file, "", yaml.Documents[0].RootNode)
                : throw new ConfigurationException($"{file}:1: the file holds {yaml.Documents.Count} documents; allowed is one");
        }
        catch (IOException e)
        {
            throw new ConfigurationException($"{file}: cannot be read: {e.Message}");
        }
        catch (UnauthorizedAccessException e)
        {
            throw new ConfigurationException($"{file}: cannot be read: {e.Message}");
        }
        catch (YamlException e)
        {
            throw new ConfigurationException($"{file}:{e.Start.Line}: not readable as YAML or JSON: {e.Message}");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // The library's own words for some broken files, such as a group that is never closed.
            throw new ConfigurationException($"{file}: not readable as YAML or JSON: {e.Message}");
        }
    }

    /// <summary>Checks that this is a group of fields, and that none is unknown.</summary>
    public YamlField Group(params string[] known)
    {
        if (node is not YamlMappingNode mapping)
            throw Error($"a group of the fields {string.Join(", ", known)}");
        foreach (var key in mapping.Children.Keys)
        {
            if (key is not YamlScalarNode { Value: { } name } || !known.Contains(name))
            {
                throw new ConfigurationException(
                    $"{file}:{key.Start.Line}: {Path(key.ToString())}: unknown field; allowed are {string.Join(", ", known)}");
            }
        }

        return this;
    }

    /// <summary>A field that must be there.</summary>
    public YamlField Required(string name) =>
        Optional(name) ?? throw new ConfigurationException($"{file}:{node.Start.Line}: {Path(name)}: missing");

    /// <summary>A field that may be left out.</summary>
    public YamlField? Optional(string name) =>
        node is YamlMappingNode mapping && mapping.Children.TryGetValue(new YamlScalarNode(name), out var child)
            ? new YamlField(file, Path(name), child)
            : null;

    /// <summary>The items of a list with at least one.</summary>
    public IReadOnlyList<YamlField> List() =>
        node is YamlSequenceNode { Children.Count: > 0 } sequence
            ? [.. sequence.Children.Select((child, i) => new YamlField(file, $"{path}[{i}]", child))]
            : throw Error("a list with at least one item");

    /// <summary>Text that is not empty.</summary>
    public string Text() => node is YamlScalarNode { Value: { Length: > 0 } value } ? value : throw Error("text that is not empty");

    /// <summary>A name (<see cref="Events.Naming.Name"/>).</summary>
    public string Name() => Events.Naming.Name.IsValid(Text()) ? Text() : throw Error(Events.Naming.Name.Allowed);

    /// <summary>A number within a range.</summary>
    public double Number(double minimum, double maximum) =>
        node is YamlScalarNode scalar
        && double.TryParse(scalar.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
        && value >= minimum && value <= maximum
            ? value
            : throw Error(string.Create(CultureInfo.InvariantCulture, $"a number from {minimum} to {maximum}"));

    /// <summary>A whole number within a range.</summary>
    public int Whole(int minimum, int maximum) =>
        node is YamlScalarNode scalar
        && int.TryParse(scalar.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
        && value >= minimum && value <= maximum
            ? value
            : throw Error($"a whole number from {minimum} to {maximum}");

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public bool Truth() => Text() switch
    {
        "true" => true,
        "false" => false,
        _ => throw Error("true or false"),
    };

    /// <summary>A percentage or a fraction: <c>60 %</c> and <c>0.6</c> are the same.</summary>
    public double Fraction(double minimum, double maximum)
    {
        var text = Text();
        var percent = text.EndsWith('%');
        return double.TryParse(text.TrimEnd('%').Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && (percent ? value / 100 : value) is var fraction && fraction >= minimum && fraction <= maximum
                ? fraction
                : throw Error(string.Create(
                    CultureInfo.InvariantCulture,
                    $"a percentage from {minimum * 100} % to {maximum * 100} %, or a fraction from {minimum} to {maximum}"));
    }

    /// <summary>A duration within a range, in the grammar of <see cref="Durations"/>.</summary>
    public TimeSpan Duration(TimeSpan minimum, TimeSpan maximum) =>
        Durations.TryParse(Text(), out var duration) && duration >= minimum && duration <= maximum
            ? duration
            : throw Error($"a duration with its unit (ms, s, min, h) from {Durations.Show(minimum)} to {Durations.Show(maximum)}");

    /// <summary>An address, of the kinds that are allowed here.</summary>
    public Endpoint Endpoint(EndpointKinds allowed) =>
        Hosting.Endpoint.TryParse(Text(), allowed, out var endpoint) ? endpoint : throw Error(Hosting.Endpoint.Allowed(allowed));

    private string Path(string name) => path.Length == 0 ? name : $"{path}.{name}";
}
