/// Why a message or a call was refused before anything was kept for it. Each is counted, by this name.
public enum RefusalCause: String, Sendable, Hashable, CaseIterable {
    /// Unknown sources together sent more than `SS_PROTECTION_STRANGERS_RATE`.
    case strangers
    /// One unknown source sent more than `SS_PROTECTION_STRANGER_RATE`.
    case strangerSource
    /// More unknown sources at once than the table has room for.
    case strangerTable
    /// A known source sent more than its rate.
    case sourceRate
    /// A source began more calls than `SS_PROTECTION_SOURCE_CALL_RATE`.
    case sourceCallRate
    /// One source used one account more often than `SS_PROTECTION_ACCOUNT_RATE`.
    case accountRate
    /// One source began more calls with one account than `SS_PROTECTION_ACCOUNT_CALL_RATE`.
    case accountCallRate
    /// An unknown source that looks like a scanner (`SS_PROTECTION_SCANNER_SIGNS`).
    case scanner
    /// A request of an unknown source that belongs to nothing here.
    case unknownSource
    /// A new call while the shard is overloaded.
    case overloadCall
    /// Another request outside a call while the shard is overloaded.
    case overloadRequest
    /// A new request while the shard had as many transactions as it may.
    case transactions
    /// A new request of an unknown source while the shard had as many transactions as leave room for strangers.
    case strangerTransactions
    /// A message that found the shard's backlog full.
    case backlog
    /// A customer's gateway, or its group, began more calls within a second than agreed (`callsPerSecond`).
    case customerCallRate

    fileprivate var index: Int {
        switch self {
        case .strangers: 0
        case .strangerSource: 1
        case .strangerTable: 2
        case .sourceRate: 3
        case .sourceCallRate: 4
        case .accountRate: 5
        case .accountCallRate: 6
        case .scanner: 7
        case .unknownSource: 8
        case .overloadCall: 9
        case .overloadRequest: 10
        case .transactions: 11
        case .strangerTransactions: 12
        case .backlog: 13
        case .customerCallRate: 14
        }
    }
}

/// How often each cause refused something since the start.
public struct RefusalCounts: Sendable, Equatable {
    private var counts = [UInt64](repeating: 0, count: RefusalCause.allCases.count)

    public init() {}

    public subscript(cause: RefusalCause) -> UInt64 {
        get { counts[cause.index] }
        set { counts[cause.index] = newValue }
    }

    /// Of all causes.
    public var total: UInt64 { counts.reduce(0, +) }

    public static func += (a: inout RefusalCounts, b: RefusalCounts) {
        for cause in RefusalCause.allCases { a[cause] += b[cause] }
    }
}
