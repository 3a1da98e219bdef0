/// Whether an object is the caller of a call or the called side.
public enum CallDirection: Sendable, Hashable {
    case made, received

    var step: UInt64 { self == .made ? 1 : 1 << 32 }
}

/// Most calls at once: made, received, and both together; nil: no limit.
public struct LineLimits: Sendable, Hashable {
    public var made: Int?
    public var received: Int?
    public var all: Int?

    public init(made: Int? = nil, received: Int? = nil, all: Int? = nil) {
        self.made = made
        self.received = received
        self.all = all
    }

    func allow(_ direction: CallDirection, beyond count: LineCount) -> Bool {
        if let all, count.all >= all { return false }
        switch direction {
        case .made: return made.map { count.made < $0 } ?? true
        case .received: return received.map { count.received < $0 } ?? true
        }
    }
}

/// Both counts of an object's calls in one word, so that they change together.
struct LineCount {
    var rawValue: UInt64

    var made: Int { Int(rawValue & 0xFFFF_FFFF) }
    var received: Int { Int(rawValue >> 32) }
    var all: Int { made + received }
}

/// One call's place at an object. It counts as long as it exists, and nothing else is counted: whoever
/// drops the call gives the place back.
public struct Seat: ~Copyable, Sendable {
    private let object: LiveObject
    private let direction: CallDirection

    /// Takes over one that `LiveObject.take` counted.
    init(of object: LiveObject, _ direction: CallDirection) {
        self.object = object
        self.direction = direction
    }

    deinit { object.giveBack(direction) }
}

/// All places of one side of a call: at its gateway or phone, and at the groups of the gateway.
public struct Seats: ~Copyable, Sendable {
    private let own: Seat
    private let groups: [LiveObject]

    /// Takes over places at every group that `LiveObject.take` counted as calls made.
    init(_ own: consuming Seat, groups: [LiveObject]) {
        self.own = own
        self.groups = groups
    }

    deinit { for group in groups { group.giveBack(.made) } }
}
