using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace JustRunIt.Hosting.Configuration;

/// <summary>
/// A YAML parser that stops at what no configuration file holds, before anything is built of it: building and comparing nodes recurse,
/// so that a file of a hundred thousand brackets would end the process, and names that are groups of aliases take for ever.
/// </summary>
internal sealed class ShallowParser(IParser parser) : IParser
{
    /// <summary>Groups and lists inside of each other; configuration files need about ten.</summary>
    public const int Deepest = 50;

    private readonly Stack<Level> levels = new();

    public ParsingEvent? Current => parser.Current;

    public bool MoveNext()
    {
        if (!parser.MoveNext())
            return false;
        var read = parser.Current!;
        switch (read)
        {
            case MappingStart or SequenceStart:
                Value(read, isText: false);
                if (levels.Count == Deepest)
                    throw new YamlException(read.Start, read.End, $"more than {Deepest} groups and lists inside of each other");
                levels.Push(new Level(read is MappingStart));
                break;
            case MappingEnd or SequenceEnd:
                levels.Pop();
                break;
            case Scalar or AnchorAlias:
                Value(read, read is Scalar);
                break;
        }

        return true;
    }

    /// <summary>In a group, names and values take turns.</summary>
    private void Value(ParsingEvent read, bool isText)
    {
        if (!levels.TryPeek(out var level) || !level.IsGroup)
            return;
        if (level.IsNameNext && !isText)
            throw new YamlException(read.Start, read.End, "the name of a field must be text");
        level.IsNameNext = !level.IsNameNext;
    }

    private sealed class Level(bool isGroup)
    {
        public bool IsGroup { get; } = isGroup;

        public bool IsNameNext { get; set; } = true;
    }
}
