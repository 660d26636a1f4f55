using System.Globalization;
using JustRunIt.HostAgent.Moving;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.Containers;

/// <summary>
/// The programs that hold a container while it moves. They are shell scripts because they must outlive their agent: whatever
/// happens to it, the container ends when it was given, and runs on, reachable, when it was not, or when nobody decides in time.
/// </summary>
internal static class ContainerHolder
{
    // 10 ms each.
    private const int DecisionRounds = 6000;
    private const int QuietRounds = 200;

    /// <summary>Writes them; returns the one to run.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="process">The container's first process.</param>
    /// <param name="record">Whose it is.</param>
    /// <param name="dump">CRIU's command, given the program that it runs at the instant.</param>
    /// <param name="snapshot">Line that takes a snapshot of the disk.</param>
    /// <param name="frozen">File that is made once memory and disk are written down.</param>
    /// <param name="number">Number of the container's network.</param>
    /// <param name="networks">Holds what is sent to it.</param>
    public static async Task<string> WriteAsync(
        string folder, int process, MoveRecord record, Func<string, IReadOnlyList<string>> dump, string snapshot, string frozen, int number, ContainerNetworks networks)
    {
        var (atTheInstant, holder) = (Path.Combine(folder, "at-the-instant"), Path.Combine(folder, "holder"));
        var given = string.Join(" || ", MoveRecord.StatesOfGiven.Select(state => $"[ -e '{record.Path}{state}' ]"));
        await File.WriteAllTextAsync(atTheInstant, string.Create(CultureInfo.InvariantCulture, $$"""
            #!/bin/sh
            [ "$CRTOOLS_SCRIPT_ACTION" = post-dump ] || exit 0
            {{snapshot}} || exit 1
            : > '{{frozen}}'
            n=0
            while [ -e '{{record.OfferedFile}}' ]; do
                sleep 0.01
                n=$((n + 1))
                [ $n -lt {{DecisionRounds}} ] || rm -f '{{record.OfferedFile}}'
            done
            # Given: it ends while its connections are CRIU's, which closes them without a word, and so must CRIU.
            if {{given}}; then
                kill -9 {{process}} $PPID
            fi
            exit 1

            """));
        var command = string.Join(' ', dump(atTheInstant).Select(word => $"'{word}'"));
        // A connection that the kernel has accepted and the program has not cannot be written down: both must be through before.
        await File.WriteAllTextAsync(holder, string.Create(CultureInfo.InvariantCulture, $$"""
            #!/bin/sh
            release() { {{networks.Release(number)}}; }
            handshakes() { awk '$4 == "03" { n = 1 } END { exit !n }' /proc/{{process}}/net/tcp /proc/{{process}}/net/tcp6; }
            unaccepted() { awk '$4 == "0A" && $5 !~ /:00000000$/ { n = 1 } END { exit !n }' /proc/{{process}}/net/tcp /proc/{{process}}/net/tcp6; }
            n=0
            while {{networks.HoldIncoming(number)}}; handshakes || { {{networks.HoldOutgoing(number)}}; {{ContainerNetworks.IsDelivering(number)}}; }; do
                release
                n=$((n + 1))
                [ $n -lt {{QuietRounds}} ] || { echo 'Error (move): connections are being opened all the time' >&2; exit 1; }
                sleep 0.002
            done
            while unaccepted; do
                n=$((n + 1))
                [ $n -lt {{QuietRounds}} ] || { release; echo 'Error (move): the program does not accept its connections' >&2; exit 1; }
                sleep 0.01
            done
            {{command}}
            code=$?
            if {{given}}; then
                exit 0
            fi
            release
            exit $code

            """));
        await Tool.RunAsync("chmod", ["700", atTheInstant, holder]);
        return holder;
    }
}
