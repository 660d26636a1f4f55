namespace JustRunIt.Auction.Shared.Seeding;

/// <summary>The words that the seeded catalogue, the interests of users and the searches of emulated clients are made of.</summary>
public static class Vocabulary
{
    /// <summary>Names of the categories; the identifier of a category is its index + 1.</summary>
    public static readonly string[] Categories =
    [
        "Antiques", "Art", "Books", "Cameras", "Clothing", "Coins", "Collectibles", "Computers", "Crafts", "Dolls",
        "Electronics", "Furniture", "Garden", "Jewelry", "Music", "Pottery", "Sports", "Stamps", "Toys", "Watches",
    ];

    private static readonly string[][] NounsOfCategories =
    [
        Words("candlestick cabinet sextant snuffbox tapestry chandelier inkwell barometer"),
        Words("etching portrait landscape lithograph sculpture watercolour sketch engraving"),
        Words("novel atlas dictionary almanac biography cookbook chronicle paperback"),
        Words("rangefinder tripod flashgun lens projector viewfinder lightmeter enlarger"),
        Words("jacket overcoat waistcoat scarf trousers cardigan blouse raincoat"),
        Words("sovereign denarius florin thaler shilling doubloon guilder farthing"),
        Words("postcard matchbox medal thimble keyring poster figurine autograph"),
        Words("keyboard terminal motherboard modem workstation trackball plotter notebook"),
        Words("spinningwheel loom needlework quilt beadwork embroidery macrame origami"),
        Words("marionette dollhouse puppet teddybear porcelaindoll cradle bonnet rocker"),
        Words("oscilloscope amplifier receiver turntable headphones speaker multimeter radio"),
        Words("armchair bookcase wardrobe sideboard footstool bureau dresser bench"),
        Words("sundial trellis birdbath wheelbarrow greenhouse lantern planter fountain"),
        Words("necklace bracelet brooch pendant earrings signet tiara cufflinks"),
        Words("violin clarinet accordion mandolin metronome trumpet harmonica cello"),
        Words("teapot vase pitcher tureen jug saucer amphora goblet"),
        Words("racket skates saddle surfboard javelin helmet canoe cricketbat"),
        Words("airmail definitive overprint miniature album perforation postmark bundle"),
        Words("locomotive kaleidoscope spinner soldier railway jigsaw kite robot"),
        Words("chronograph pocketwatch wristwatch stopwatch movement chronometer strap dial"),
    ];

    private static readonly string[] CommonWords = Words(
        "antique restored polished original rare signed limited early victorian modern vintage elegant sturdy delicate ornate plain "
        + "silver brass walnut mahogany leather ceramic copper ivory enamel crystal marble bronze linen velvet bamboo steel "
        + "condition collection estate certificate provenance maker workshop signature edition pattern finish surface handle "
        + "london vienna geneva prague lisbon dresden florence kyoto boston dublin antwerp seville "
        + "carefully recently professionally entirely slightly beautifully complete unused boxed documented repaired working");

    /// <summary>How many words any description has: equal, so that comparing with one item costs as much as with another.</summary>
    public const int DescriptionWords = 60;

    /// <summary>How many of the common words, from the first on, occur in names.</summary>
    public const int NameWords = 32;

    /// <summary>The things that a category holds.</summary>
    /// <param name="categoryId">1 to the number of categories.</param>
    public static IReadOnlyList<string> Nouns(int categoryId) => NounsOfCategories[categoryId - 1];

    /// <summary>Words that occur in all categories.</summary>
    public static IReadOnlyList<string> Common => CommonWords;

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
