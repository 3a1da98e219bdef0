import Vocabulary

/// The parameters of protection as typed values, taken once per snapshot. Rates per second; nil: no limit.
public struct ProtectionSettings: Sendable, Hashable {
    /// `SS_PROTECTION_STRANGERS_RATE`: messages of all unknown sources.
    public var strangersRate: Int?
    /// `SS_PROTECTION_STRANGER_RATE`: messages of one unknown source.
    public var strangerRate: Int?
    /// `SS_PROTECTION_PHONE_HOST_RATE`: messages of an address of registered phones.
    public var phoneHostRate: Int?
    /// `SS_PROTECTION_GATEWAY_HOST_RATE`: messages of an address of a gateway or upstream.
    public var gatewayHostRate: Int?
    /// `SS_PROTECTION_SOURCE_CALL_RATE`: calls of an address that is none of a gateway.
    public var sourceCallRate: Int?
    /// `SS_PROTECTION_ACCOUNT_RATE`: requests with one account's credentials from one address.
    public var accountRate: Int?
    /// `SS_PROTECTION_ACCOUNT_CALL_RATE`: calls with one account's credentials from one address.
    public var accountCallRate: Int?
    /// `SS_PROTECTION_SCANNER_SIGNS`, without the empty ones.
    public var scannerSigns: [String]
    /// `SS_PROTECTION_OVERLOAD_LAG`; nil: nothing is refused for overload.
    public var overloadLag: Interval?

    public init(_ values: ParameterValues = ParameterValues()) {
        strangersRate = values.integer(.strangersRate)
        strangerRate = values.integer(.strangerRate)
        phoneHostRate = values.integer(.phoneHostRate)
        gatewayHostRate = values.integer(.gatewayHostRate)
        sourceCallRate = values.integer(.sourceCallRate)
        accountRate = values.integer(.accountRate)
        accountCallRate = values.integer(.accountCallRate)
        overloadLag = values.integer(.overloadLag).map { .milliseconds(Int64($0)) }
        scannerSigns = ProtectionSettings.signs(values[.scannerSigns])
    }

    private static func signs(_ value: ParameterValue) -> [String] {
        guard case .text(let text) = value else { return [] }
        return text.split(separator: ",").map { part in
            let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\n" }
            var rest = part.drop(while: isBlank)
            while let last = rest.last, isBlank(last) { rest.removeLast() }
            return String(rest)
        }.filter { !$0.isEmpty }
    }
}
