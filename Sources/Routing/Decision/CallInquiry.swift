import Vocabulary

/// For whom a call is taken: an index into the configuration.
public enum CallOrigin: Sendable, Hashable {
    case mappingGateway(Int)
    case phone(Int)
}

/// Where a call may be sent: an index into the configuration.
public enum CallDestination: Sendable, Hashable {
    case routingGateway(Int)
    case phone(Int)
}

/// What is asked when a call comes in, or when someone asks what would become of one.
public struct CallInquiry {
    public var origin: CallOrigin
    /// The rule that recognised the caller.
    public var sourceRule: SourceTable.Rule
    public var source: NetworkAddress
    /// As received, before any rewriting.
    public var caller: Bytes
    public var callee: Bytes
    public var now: Moment
    /// Decides what dial plans and pools leave to chance.
    public var random: UInt64
    /// The callee was named by a vendor that forwards a call that was taken already: the caller's limits, lists and dial
    /// plan for callees do not apply again.
    public var isForwarded: Bool

    public init(
        origin: CallOrigin, sourceRule: SourceTable.Rule, source: NetworkAddress, caller: Bytes, callee: Bytes, now: Moment, random: UInt64,
        isForwarded: Bool = false
    ) {
        self.origin = origin
        self.sourceRule = sourceRule
        self.source = source
        self.caller = caller
        self.callee = callee
        self.now = now
        self.random = random
        self.isForwarded = isForwarded
    }
}
