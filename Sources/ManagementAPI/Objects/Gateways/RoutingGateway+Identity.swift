import Routing

// How the caller is shown to a vendor.
extension RoutingGateway {
    static let identityFields: [ObjectField<RoutingGateway>] = [
        .flag("sipDisplay", \.identity.sendsDisplay, meaning: "whether a display name is sent; true unless set"),
        .flag("sipRemotePartyId", \.identity.sendsRemotePartyID, meaning: "whether Remote-Party-ID is sent; false unless set"),
        .choice(
            "sipPrivacy", \.identity.privacy,
            meaning: "Privacy (RFC 3323): off (not sent), passThrough, id or none (the value that says so); passThrough unless set"),
        .choice(
            "sipPAssertedIdentity", \.identity.pAssertedIdentity,
            meaning: "P-Asserted-Identity (RFC 3325): none, passThrough (what a trusted caller's side sent) or caller (the caller's number); "
                + "none unless set"),
        .choice(
            "sipPPreferredIdentity", \.identity.pPreferredIdentity,
            meaning: "P-Preferred-Identity (RFC 3325): none, passThrough or caller; none unless set"),
        .flag("passDiversion", \.identity.passesDiversion, meaning: "whether Diversion is passed on; true unless set"),
        .flag("passHistoryInfo", \.identity.passesHistoryInfo, meaning: "whether History-Info is passed on; true unless set"),
    ]
}
