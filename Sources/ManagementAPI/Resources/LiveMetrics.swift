import CallRecords
import Routing

/// What gateways, phones and the dynamic blacklist show in Prometheus' text format, version 0.0.4.
public enum LiveMetrics {
    public static func text(_ view: LiveView, phones: [PhoneStatus]) -> String {
        let gateways = view.gateways
        let vendors = gateways.filter { $0.kind == .routingGateway }
        let entries = view.blacklist.entries(now: view.now.instant)
        return family("tandem_gateway_calls", "Calls that are up, by gateway or group.", gateways.map { ($0.labels, Int64($0.calls)) })
            + family(
                "tandem_gateway_capacity", "Most calls at once, where there is a limit.",
                gateways.compactMap { gateway in gateway.capacity.map { (gateway.labels, Int64($0)) } })
            + family(
                "tandem_gateway_calls_given_total", "Calls since the process started, by gateway or group.", form: "counter",
                gateways.map { ($0.labels, Int64(clamping: $0.callsGiven)) })
            + family(
                "tandem_gateway_usable", "1 unless it is locked, out of use, not registered or without a live address.",
                gateways.map { ($0.labels, $0.isUsable ? 1 : 0) })
            + family(
                "tandem_gateway_answer_ratio_percent", "Answer-seizure ratio, where there is enough to judge.",
                vendors.compactMap { gateway in gateway.answerRatio.map { (gateway.labels, Int64($0)) } })
            + family(
                "tandem_gateway_out_of_use_seconds", "Seconds that it is still left alone (Retry-After).",
                vendors.map { ($0.labels, $0.outOfUseSeconds) })
            + family(
                "tandem_phones", "Phones and gateways that register here, by state.",
                [true, false].map { isOnline in
                    ("state=\"\(isOnline ? "online" : "offline")\"", Int64(phones.count { $0.isOnline == isOnline }))
                })
            + family(
                "tandem_blacklist_entries", "Numbers on the dynamic blacklist, by the side that they bar.",
                BlacklistSide.allCases.map { side in ("side=\"\(side.rawValue)\"", Int64(entries.count { $0.kind.side == side })) })
            + family(
                "tandem_blacklist_refused_entries_total", "Entries that were not made because the dynamic blacklist was full.", form: "counter",
                [("", Int64(view.blacklist.refusedEntries))])
    }

    private static func family(_ name: String, _ help: String, form: String = "gauge", _ samples: [(labels: String, value: Int64)]) -> String {
        "# HELP \(name) \(help)\n# TYPE \(name) \(form)\n"
            + samples.map { "\(name)\($0.labels.isEmpty ? "" : "{\($0.labels)}") \($0.value)\n" }.joined()
    }
}

extension GatewayStatus {
    fileprivate var labels: String { "kind=\"\(kind.rawValue)\",name=\(name.jsonQuoted)" }
}
