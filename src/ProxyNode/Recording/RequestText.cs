using System.Text;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// A request as a text, and which of its characters are values of a statement: they are compared, and shown to nobody, since no pattern
/// tells which of them is a password.
/// </summary>
/// <param name="Text">The text.</param>
/// <param name="IsValue">For each character whether it is one of a value; null of what has no such values.</param>
internal sealed record RequestText(string Text, bool[]? IsValue = null)
{
    /// <summary>A text that is values altogether.</summary>
    public static RequestText OfValues(string text)
    {
        var isValue = new bool[text.Length];
        Array.Fill(isValue, true);
        return new RequestText(text, isValue);
    }

    /// <summary>Several, one after another.</summary>
    public static RequestText Join(params IReadOnlyList<RequestText> parts) => new(
        string.Concat(parts.Select(part => part.Text)),
        [.. parts.SelectMany(part => part.IsValue ?? new bool[part.Text.Length])]);

    /// <summary>Its beginning.</summary>
    public RequestText Cut(int length) => length >= Text.Length ? this : new RequestText(Text[..length], IsValue?[..length]);

    /// <summary>A part of it with a question mark for each value.</summary>
    public string WithoutValues(Range part)
    {
        if (IsValue is null)
            return Text[part];
        var (from, length) = part.GetOffsetAndLength(Text.Length);
        var shown = new StringBuilder(length);
        for (var at = from; at < from + length; at++)
        {
            if (!IsValue[at])
                shown.Append(Text[at]);
            else if (at == from || !IsValue[at - 1])
                shown.Append('?');
        }

        return shown.ToString();
    }
}
