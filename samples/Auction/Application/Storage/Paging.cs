namespace JustRunIt.Auction.Application.Storage;

/// <summary>How long lists may get. Bounded, so that a page costs the same however long the auction has been running.</summary>
internal static class Paging
{
    /// <summary>Items on a page of a category or of search results.</summary>
    public const int ItemsPerPage = 20;

    /// <summary>Bids in a history.</summary>
    public const int BidsPerPage = 20;

    /// <summary>Bids on the page of an item.</summary>
    public const int BidsOnItem = 5;

    /// <summary>Items in the short lists of a user's pages.</summary>
    public const int ItemsOnUser = 10;

    /// <summary>The last page that is served.</summary>
    public const int LastPage = 1000;

    /// <summary>Rows before a page, which is brought within bounds.</summary>
    public static int Offset(int page) => (Math.Clamp(page, 1, LastPage) - 1) * ItemsPerPage;
}
