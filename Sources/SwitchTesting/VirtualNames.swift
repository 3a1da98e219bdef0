import Vocabulary

/// The name service: what each host name leads to, and how long an answer takes.
public struct VirtualNames: Sendable {
    /// Time from question to answer.
    public var delay = Interval.milliseconds(20)
    /// Answers by host; a host that is not here does not exist.
    public var answers: [String: Resolution] = [:]
    /// Every question so far, in order.
    public internal(set) var asked: [NextHop] = []

    public init() {}

    /// The host leads to these addresses, to be tried in this order.
    public mutating func set(_ host: String, _ targets: [Target], validFor: Interval = .seconds(300)) {
        answers[host] = .targets(targets, validFor: validFor)
    }

    func answer(_ hop: NextHop) -> Resolution {
        answers[hop.host] ?? .failed(reason: "\(hop.host) does not exist", validFor: .seconds(60))
    }
}
