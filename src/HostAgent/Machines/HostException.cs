using System.ComponentModel;

namespace JustRunIt.HostAgent.Machines;

/// <summary>A command that cannot be carried out: one line with the reason. Nothing has changed.</summary>
internal sealed class HostException(string message) : Exception(message)
{
    /// <summary>Whether the cause is that the virtual machine has ended, or never ran here.</summary>
    public bool NotRunning { get; init; }

    /// <summary>Whether the system has refused something: a file, a directory, a program.</summary>
    public static bool IsOfTheSystem(Exception e) => e is IOException or UnauthorizedAccessException or Win32Exception;

    /// <summary>What the system refuses, as a reason; anything else as it is.</summary>
    public static Exception Of(Exception e) => IsOfTheSystem(e) ? new HostException(OneLine(e)) : e;

    /// <summary>What the system refuses is a reason like any other.</summary>
    public static async Task<T> OfAsync<T>(Task<T> work)
    {
        try
        {
            return await work;
        }
        catch (Exception e) when (IsOfTheSystem(e))
        {
            throw Of(e);
        }
    }

    /// <summary>The message of any exception, on one line.</summary>
    public static string OneLine(Exception e) => e.Message.ReplaceLineEndings(" ").Trim();
}
