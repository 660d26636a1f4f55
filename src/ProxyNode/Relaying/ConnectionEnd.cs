namespace JustRunIt.ProxyNode.Relaying;

/// <summary>Why a client's connection is no more.</summary>
internal enum ConnectionEnd
{
    /// <summary>Either side has ended it.</summary>
    Closed,

    /// <summary>Refused: there are as many as are allowed.</summary>
    RefusedByLimit,

    /// <summary>Refused: there are as many from its address as are allowed.</summary>
    RefusedBySource,

    /// <summary>Refused: no descriptor was left for it, and none that idles could give way.</summary>
    RefusedWithoutDescriptors,

    /// <summary>Shed: it idled, and another one needed its descriptors.</summary>
    ShedWhileIdle,

    /// <summary>Shed: it had not logged in, and too many others had not either.</summary>
    ShedBeforeLogIn,

    /// <summary>It took too long over the head of a request, or its log-in.</summary>
    HeadTimedOut,

    /// <summary>It idled too long.</summary>
    IdleTimedOut,

    /// <summary>The client has closed its side, and the server has been silent for too long since.</summary>
    ClientGone,

    /// <summary>The proxy was taken from the path, and nothing was under way on it.</summary>
    Drained,
}
