using System.Text;
using CsCheck;

namespace JustRunIt.ProxyNode.Tests.Conversations.Models;

/// <summary>
/// Both sides of a connection as their protocol lets them speak: which moves are legal now, and how many requests begin and replies
/// end by them. It knows nothing of the dialogue that is held against it.
/// </summary>
internal abstract class DialogueModel
{
    /// <summary>What was said so far.</summary>
    public List<Said> Parts { get; } = [];

    /// <summary>Requests that have begun.</summary>
    public int Begun { get; protected set; }

    /// <summary>Replies that have ended.</summary>
    public int Replies { get; protected set; }

    /// <summary>Choices among the legal moves, and lengths of the pieces in which the bytes come.</summary>
    public static Gen<(int[] Choices, int[] Pieces, double Cut)> Any { get; } = Gen.Select(
        Gen.Int[0, 9999].Array[1, 60], Gen.Frequency((3, Gen.Int[1, 7]), (1, Gen.Int[8, 5000])).Array[1, 12], Gen.Double[0, 1]);

    /// <summary>Has both sides make one legal move after another.</summary>
    public DialogueModel Speak(IEnumerable<int> choices)
    {
        foreach (var choice in choices)
        {
            var moves = Moves().ToList();
            if (moves.Count == 0)
                break;
            moves[choice % moves.Count](choice / moves.Count);
        }

        Finish();
        return this;
    }

    /// <summary>The moves that are legal now; each gets a number for whatever else can be chosen.</summary>
    protected abstract IEnumerable<Action<int>> Moves();

    /// <summary>Says what is left of a message.</summary>
    protected virtual void Finish()
    {
    }

    protected void Client(byte[] bytes) => Parts.Add(new Said(Speaker.Client, bytes));

    protected void Client(string text) => Client(Encoding.ASCII.GetBytes(text));

    protected void Server(byte[] bytes) => Parts.Add(new Said(Speaker.Server, bytes));

    protected void Server(string text) => Server(Encoding.ASCII.GetBytes(text));
}
