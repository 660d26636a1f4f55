namespace JustRunIt.ProxyNode.Replaying.Exchanges;

/// <summary>Where an exchange is between its request's first byte and both sides' answers.</summary>
internal enum ExchangeState : byte
{
    /// <summary>Nobody uses it.</summary>
    Free,

    /// <summary>The request still comes; the original has not answered.</summary>
    Asking,

    /// <summary>The request still comes; the original has answered, or answers no such request.</summary>
    AskingAnswered,

    /// <summary>The request is whole and its duplicate waits; neither side has answered.</summary>
    Waiting,

    /// <summary>The original has answered, or never will; the clone has not.</summary>
    OnlineDone,

    /// <summary>The clone has answered, or never will; the original has not.</summary>
    CloneDone,

    /// <summary>Both sides have answered, or never will.</summary>
    Complete,

    /// <summary>The duplicate was never sent: memory was short.</summary>
    Shed,

    /// <summary>The on-line connection ended within the request: there is nothing to repeat.</summary>
    Abandoned,

    /// <summary>None: what happened cannot happen there.</summary>
    Impossible,
}

/// <summary>What happens to an exchange.</summary>
internal enum ExchangeEvent : byte
{
    /// <summary>A request begins that the server answers.</summary>
    Begins,

    /// <summary>A request begins that the server does not answer.</summary>
    BeginsOneWay,

    /// <summary>The request's last byte has passed.</summary>
    RequestEnded,

    /// <summary>The connection ended before the request's last byte came.</summary>
    RequestBroken,

    /// <summary>The original has answered.</summary>
    OnlineAnswered,

    /// <summary>The connection ended before the original's reply did.</summary>
    OnlineAborted,

    /// <summary>The clone has answered, or never will.</summary>
    CloneAnswered,

    /// <summary>The duplicate is given up, because memory is short.</summary>
    GivenUp,

    /// <summary>Whoever held it is done with it, and nothing was out of the ordinary.</summary>
    Released,
}
