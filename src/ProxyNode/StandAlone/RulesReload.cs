using System.Runtime.InteropServices;
using JustRunIt.Hosting.Configuration;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary>
/// Reads a proxy's file of rules again while it runs, connections that are open included. A file that is wrong changes nothing.
/// </summary>
/// <param name="options">What the proxy was told; its rules are its own.</param>
internal sealed class RulesReload(ProxyOptions options)
{
    private readonly Lock gate = new();

    /// <summary>Reads them.</summary>
    /// <returns>What has been read, in one line.</returns>
    /// <exception cref="ConfigurationException">Why the rules are what they were, in one line.</exception>
    public string Read()
    {
        var file = options.RulesFile ?? throw RulesChange.Kept("the proxy was started without --rules");
        lock (gate)
        {
            ServiceRules read;
            try
            {
                read = RulesFile.Read(file);
            }
            catch (ConfigurationException e)
            {
                throw RulesChange.Kept(e.Message);
            }

            RulesChange.Check(options.Rules, read, file, isRecorded: options.Record is not null);
            options.Rules.GiveWayTo(read);
            return $"rules read again from {file}: {RulesChange.Count(read)}";
        }
    }

    /// <summary>Reads them whenever the process gets SIGHUP, and says so in a line.</summary>
    /// <param name="say">Takes the line.</param>
    public IDisposable AtSignal(Action<string> say) => PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
    {
        context.Cancel = true;
        try
        {
            say(Read());
        }
        catch (ConfigurationException e)
        {
            say(e.Message);
        }
    });
}
