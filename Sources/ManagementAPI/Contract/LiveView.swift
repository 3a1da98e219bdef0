import CallRecords
import Routing
import Vocabulary

/// What the running switch knows at one moment, as far as it can be read without asking its shards: the snapshot in
/// force with the live objects of its gateways and phones, which all shards share.
public struct LiveView: Sendable {
    public var configuration: SwitchConfiguration
    public var now: Moment
    /// How the registrations at upstreams stand.
    public var registrations: [RegistrationStatus]

    public init(configuration: SwitchConfiguration, now: Moment, registrations: [RegistrationStatus] = []) {
        self.configuration = configuration
        self.now = now
        self.registrations = registrations
    }

    /// Numbers that the switch bars by itself.
    public var blacklist: DynamicBlacklist { configuration.live.blacklist }

    /// The wall-clock time of an instant; unset for one that never comes.
    func wall(_ instant: Instant) -> WallTime {
        instant == .never ? .unset : now.wall + (instant - now.instant)
    }
}
