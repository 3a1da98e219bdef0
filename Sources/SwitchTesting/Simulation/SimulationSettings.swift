import Vocabulary

/// What a simulation is made from. Shares are of calls: at the begin of so many of them the fault happens.
public struct SimulationSettings: Sendable, Equatable {
    public var seed: UInt64
    public var calls: Int
    public var loss: Double
    public var duplication: Double
    public var reordering: Double
    public var shards: Int
    /// The store fails: mostly for a moment, sometimes for minutes, as a disk that is full.
    public var storeFaults: Double
    /// The store takes up to some seconds for each commit, for a while.
    public var slowCommits: Double
    /// The process dies, at any instant of its work, and is started again at once or after up to some minutes; sometimes
    /// several times in a row, sometimes by a boot of the machine.
    public var restarts: Double
    /// The wall clock is set, by up to some hours in both directions.
    public var clockJumps: Double
    /// Parameters and gateways change.
    public var changes: Double
    /// An operator hangs some call up.
    public var hangUps: Double
    /// Mean time between two calls, in milliseconds.
    public var pace: Int
    /// Only this behaviour, when not nil.
    public var behaviour: CallPlan.Behaviour?

    public init(
        seed: UInt64, calls: Int, loss: Double = 0, duplication: Double? = nil, reordering: Double? = nil, shards: Int = 2,
        storeFaults: Double = 0.0005, slowCommits: Double = 0.0005, restarts: Double = 0.0005, clockJumps: Double = 0.001,
        changes: Double = 0.002, hangUps: Double = 0.002, pace: Int = 10, behaviour: CallPlan.Behaviour? = nil
    ) {
        self.seed = seed
        self.calls = calls
        self.loss = loss
        // A network that loses also doubles and reorders.
        self.duplication = duplication ?? loss / 4
        self.reordering = reordering ?? loss
        self.shards = shards
        self.storeFaults = storeFaults
        self.slowCommits = slowCommits
        self.restarts = restarts
        self.clockJumps = clockJumps
        self.changes = changes
        self.hangUps = hangUps
        self.pace = pace
        self.behaviour = behaviour
    }
}
