using System.Text.Json;
using System.Text.Json.Serialization;

namespace JustRunIt.Auction.Shared.Contracts;

/// <summary>JSON of the interface between application and data tier, generated at build time.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Category[]))]
[JsonSerializable(typeof(ItemSummary[]))]
[JsonSerializable(typeof(ItemPage))]
[JsonSerializable(typeof(ItemDetails))]
[JsonSerializable(typeof(NewItem))]
[JsonSerializable(typeof(Created))]
[JsonSerializable(typeof(BidHistory))]
[JsonSerializable(typeof(NewBid))]
[JsonSerializable(typeof(BidOutcome))]
[JsonSerializable(typeof(UserProfile))]
[JsonSerializable(typeof(Account))]
[JsonSerializable(typeof(Credentials))]
[JsonSerializable(typeof(NewUser))]
[JsonSerializable(typeof(SessionOwner))]
public sealed partial class AuctionJson : JsonSerializerContext;
