import CallRecords
import ManagementAPI
import Vocabulary

/// A trace in memory, found by the queries' own rules.
struct MemoryTrace: TraceQueries {
    var kept: [TracedMessage] = []
    var callIDs: [String: String] = [:]
    var reason: String?

    func messages(
        callIDs: Set<String>, from: WallTime?, to: WallTime?, limit: Int, preferring preference: TracePreference
    ) async throws -> [TracedMessage] {
        let found = kept.filter { message in
            let time = message.envelope.at
            return message.callID.map(callIDs.contains) ?? false && time >= from ?? time && time <= to ?? time
        }
        return Array(preference == .oldest ? found.prefix(limit) : found.suffix(limit))
    }

    func storedCallID(ofRegistration name: String) async throws -> String? { callIDs[name] }
    func gap() async -> String? { reason }

    /// A REGISTER with credentials, `seconds` after the sample calls were received.
    static func register(_ callID: String, cseq: Int, seconds: Int64 = 0) -> TracedMessage {
        message(
            "REGISTER sip:example.net SIP/2.0\r\nCall-ID: \(callID)\r\nCSeq: \(cseq) REGISTER\r\nExpires: 0\r\n"
                + "Authorization: Digest username=\"acme\", response=\"0123456789abcdef\"\r\n\r\n", seconds: seconds)
    }

    static func message(_ text: String, seconds: Int64 = 0) -> TracedMessage {
        TracedMessage(
            envelope: TraceEnvelope(
                at: WallTime(microseconds: 1_767_225_600_000_000) + .seconds(seconds), direction: .sent, transport: .udp,
                local: NetworkAddress(ipv4: 0xC000_0201, port: 5060), remote: NetworkAddress(ipv4: 0xC000_020A, port: 5060)),
            bytes: Array(text.utf8))
    }
}
