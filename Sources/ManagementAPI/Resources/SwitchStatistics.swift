import CallRecords
import Vocabulary

/// Counts of the whole switch: the sum over its shards, and what the process knows of itself.
public struct SwitchStatistics: Hashable, Sendable {
    public var node: String
    public var version: String
    public var startedAt: WallTime
    public var uptimeSeconds: Int64 = 0
    public var shards = 0
    public var configurationRevision: Int64 = 0
    /// New calls are refused until the calls that are up have ended.
    public var isDraining = false
    public var calls = 0
    public var answeredCalls = 0
    public var transactions = 0
    public var callsReceived: UInt64 = 0
    public var callsAnswered: UInt64 = 0
    public var callsRefused: UInt64 = 0
    public var messagesReceived: UInt64 = 0
    public var messagesSent: UInt64 = 0
    public var retransmissionsSent: UInt64 = 0
    public var malformedMessages: UInt64 = 0
    public var strayMessages: UInt64 = 0
    public var unrecognisedSources: UInt64 = 0
    public var oversizedDatagramsSent: UInt64 = 0
    /// Datagrams that the system lost because a socket's receive buffer was full.
    public var datagramsLost: UInt64 = 0
    /// The highest of all shards: 1 refuses new calls, 2 other requests outside calls too.
    public var overloadLevel = 0
    /// Messages, calls and connections that were refused, by the name of the cause.
    public var refusals: [String: UInt64] = [:]
    /// REGISTERs of phones and gateways that were carried out.
    public var inboundRegistrations: UInt64 = 0
    /// Answers to challenges with a wrong user, password or response.
    public var authenticationFailures: UInt64 = 0
    /// Requests of sources that are barred for such answers.
    public var suspendedRequests: UInt64 = 0
    /// Registrations by their state; a state without one may be missing.
    public var registrations: [RegistrationStatus.State: Int] = [:]
    /// Registrations under whose account somebody else is registered too.
    public var foreignRegistrations = 0
    /// Registrations of which the last process left a binding that may be stale.
    public var staleRegistrations = 0
    /// Changes of a registration's state that somebody should look into.
    public var registrationAlarms: UInt64 = 0

    public init(node: String, version: String, startedAt: WallTime) {
        self.node = node
        self.version = version
        self.startedAt = startedAt
    }
}

extension SwitchStatistics {
    /// One figure: how REST calls it and how Prometheus does.
    public struct Figure: Sendable {
        public enum Form: String, Sendable { case gauge, counter }

        public let key: String
        public let metric: String
        public let form: Form
        public let help: String
        public let value: @Sendable (SwitchStatistics) -> Int64
    }

    /// Every figure, in the order in which it is shown.
    public static let figures: [Figure] = [
        gauge("uptimeSeconds", "tandem_uptime_seconds", "Seconds since the process started.") { $0.uptimeSeconds },
        gauge("shards", "tandem_shards", "Shards that handle calls.") { Int64($0.shards) },
        gauge("configurationRevision", "tandem_configuration_revision", "Revision of the configuration in force.") { $0.configurationRevision },
        gauge("draining", "tandem_draining", "1 while the switch drains: new calls are refused, the others go on.") { $0.isDraining ? 1 : 0 },
        gauge("calls", "tandem_calls", "Calls that are up or being set up.") { Int64($0.calls) },
        gauge("answeredCalls", "tandem_answered_calls", "Calls that are answered and up.") { Int64($0.answeredCalls) },
        gauge("transactions", "tandem_sip_transactions", "SIP transactions that are alive.") { Int64($0.transactions) },
        counter("callsReceived", "tandem_calls_received_total", "Calls that came in.", \.callsReceived),
        counter("callsAnswered", "tandem_calls_answered_total", "Calls that were answered.", \.callsAnswered),
        counter("callsRefused", "tandem_calls_refused_total", "Calls that were refused by the switch.", \.callsRefused),
        counter("messagesReceived", "tandem_sip_messages_received_total", "SIP messages received.", \.messagesReceived),
        counter("messagesSent", "tandem_sip_messages_sent_total", "SIP messages sent, retransmissions included.", \.messagesSent),
        counter("retransmissionsSent", "tandem_sip_retransmissions_sent_total", "SIP messages sent again.", \.retransmissionsSent),
        counter("malformedMessages", "tandem_sip_malformed_messages_total", "Messages that broke the rules of SIP.", \.malformedMessages),
        counter("strayMessages", "tandem_sip_stray_messages_total", "Messages that belong to no call or transaction.", \.strayMessages),
        counter(
            "unrecognisedSources", "tandem_sip_unrecognised_sources_total", "Requests from addresses of no gateway.", \.unrecognisedSources),
        counter(
            "oversizedDatagramsSent", "tandem_sip_oversized_datagrams_sent_total",
            "Messages sent over UDP although longer than RFC 3261, 18.1.1 wants.", \.oversizedDatagramsSent),
        counter(
            "datagramsLost", "tandem_sip_datagrams_lost_total", "Datagrams lost because a socket's receive buffer was full.", \.datagramsLost),
        gauge(
            "overloadLevel", "tandem_overload_level", "0 none; 1 new calls are refused for overload; 2 other requests outside calls too."
        ) { Int64($0.overloadLevel) },
        counter(
            "inboundRegistrations", "tandem_inbound_registrations_total", "REGISTERs of phones and gateways that were carried out.",
            \.inboundRegistrations),
        counter(
            "authenticationFailures", "tandem_authentication_failures_total", "Answers to challenges with a wrong user, password or response.",
            \.authenticationFailures),
        counter(
            "suspendedRequests", "tandem_suspended_requests_total", "Requests of sources that are barred for such answers.",
            \.suspendedRequests),
        gauge(
            "foreignRegistrations", "tandem_registrations_foreign",
            "Registrations under whose account another contact is registered too."
        ) { Int64($0.foreignRegistrations) },
        gauge(
            "staleRegistrations", "tandem_registrations_stale",
            "Registrations of which the last process left a binding that may be stale."
        ) { Int64($0.staleRegistrations) },
        counter(
            "registrationAlarms", "tandem_registration_alarms_total",
            "Registrations that went into waiting to retry, refused credentials or a failed withdrawal.", \.registrationAlarms),
    ]

    /// Counts registrations by state, and those to look into.
    public mutating func count(_ statuses: [RegistrationStatus]) {
        for status in statuses {
            registrations[status.state, default: 0] += 1
            if !status.foreignContacts.isEmpty { foreignRegistrations += 1 }
            if status.mayBeStale { staleRegistrations += 1 }
        }
    }

    private static func gauge(
        _ key: String, _ metric: String, _ help: String, _ value: @escaping @Sendable (SwitchStatistics) -> Int64
    ) -> Figure {
        Figure(key: key, metric: metric, form: .gauge, help: help, value: value)
    }

    private static func counter(
        _ key: String, _ metric: String, _ help: String, _ path: KeyPath<SwitchStatistics, UInt64> & Sendable
    ) -> Figure {
        Figure(key: key, metric: metric, form: .counter, help: help) { Int64(clamping: $0[keyPath: path]) }
    }

    public var document: DocumentNode {
        let head: [DocumentNode.Entry] = [
            .init("node", .text(node)), .init("version", .text(version)), .init("startedAt", startedAt.document),
        ]
        let states = RegistrationStatus.State.allCases.map { DocumentNode.Entry($0.rawValue, .number(registrations[$0] ?? 0)) }
        return DocumentNode(
            .mapping(
                head + SwitchStatistics.figures.map { .init($0.key, .number($0.value(self))) }
                    + [
                        .init("refusals", DocumentNode(.mapping(sortedRefusals.map { .init($0.key, .number(Int64(clamping: $0.value))) }))),
                        .init("registrations", DocumentNode(.mapping(states))),
                    ]))
    }

    private var sortedRefusals: [(key: String, value: UInt64)] { refusals.sorted { $0.key < $1.key } }

    /// The figures in Prometheus' text format, version 0.0.4.
    public var prometheus: String {
        let info =
            "# HELP tandem_info The program that answers.\n# TYPE tandem_info gauge\n"
            + "tandem_info{node=\(node.jsonQuoted),version=\(version.jsonQuoted)} 1\n"
        let states =
            "# HELP tandem_registrations Registrations at upstreams by state.\n# TYPE tandem_registrations gauge\n"
            + RegistrationStatus.State.allCases.map { "tandem_registrations{state=\"\($0.rawValue)\"} \(registrations[$0] ?? 0)\n" }.joined()
        let refused =
            "# HELP tandem_refusals_total Messages, calls and connections that were refused, by cause.\n# TYPE tandem_refusals_total counter\n"
            + sortedRefusals.map { "tandem_refusals_total{cause=\"\($0.key)\"} \($0.value)\n" }.joined()
        return info + states + refused
            + SwitchStatistics.figures.map { figure in
                "# HELP \(figure.metric) \(figure.help)\n# TYPE \(figure.metric) \(figure.form.rawValue)\n\(figure.metric) \(figure.value(self))\n"
            }.joined()
    }
}
