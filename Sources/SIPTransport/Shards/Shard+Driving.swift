import CallRecords
import SwitchCore
import Vocabulary

extension Shard: ShardDriving {
    /// Made on its thread, with the calls that were up when the last process ended.
    public init(_ configuration: ShardConfiguration) {
        let now = SystemClock.moment
        self.init(configuration, now: now.instant)
        restoreCalls(configuration.openCalls, at: now)
        startRegistrations(at: now)
    }
}
