import SIPMessages
import Vocabulary

/// How a party uses the session timer (RFC 4028). As it stands: not at all.
public struct SessionScript: Sendable, Equatable {
    /// Seconds of Session-Expires that it asks for, or answers with at most; nil: it does not know the extension.
    public var interval: Int?
    /// Whom it wants as refresher: of its own INVITE, or in its answer; nil leaves it open.
    public var refresher: Refresher?
    /// UPDATE stands in its Allow.
    public var allowsUpdate = true
    /// It refreshes by re-INVITE, not by UPDATE.
    public var refreshesByInvite = false
    /// How many refreshes it sends before it stops; nil: as long as the dialog lasts.
    public var stopsAfter: Int?
    /// What it answers to the refreshes that come first; 0 is no answer at all, to this and all later ones.
    public var refusals: [Int] = []
    /// A callee refuses an INVITE whose interval is shorter with 422 and this Min-SE.
    public var minSE: Int?

    public enum Refresher: String, Sendable { case uac, uas }

    public init() {}
}

/// A party's session timer: who refreshes, and what was done. Written for itself; it shares nothing with the switch's.
struct PeerSessionTimer {
    var interval: Int?
    var isRefresher = false
    /// Rises with everything that renews or ends the session, so that older alarms are passed over.
    var epoch = 0
    var sent = 0
    var accepted = 0
    var refused = 0
    var hasExpired = false
    var sentLateBye = false
}

// The session timer of a party.
extension PeerCall {
    var sessionScript: SessionScript { (role == .caller ? callerScript?.session : calleeScript?.session) ?? SessionScript() }

    // MARK: - Asking and answering

    /// What its INVITE says.
    var openingSessionFields: [String] {
        guard let interval = sessionScript.interval else { return [] }
        let refresher = sessionScript.refresher.map { ";refresher=\($0.rawValue)" } ?? ""
        return ["Supported: timer", "Session-Expires: \(interval)\(refresher)"]
    }

    /// The 2xx to a request of ours renews the session, or ends its expiration.
    func takeSession(_ response: SeenMessage, inAnswerTo client: PeerClient) {
        timer.epoch += 1
        timer.interval = nil
        guard sessionScript.interval != nil, let value = response.header("Session-Expires"), let (seconds, refresher) = PeerCall.parse(value)
        else { return }
        if refresher == nil { fault("a 2xx whose Session-Expires names no refresher") }
        timer.interval = seconds
        timer.isRefresher = refresher != .uas
        arm()
    }

    /// What its 2xx to an INVITE or UPDATE says, and the session that begins or goes on with it.
    func sessionFields(answering server: PeerServer) -> [String] {
        guard callerScript != nil || calleeScript != nil else { return [] }
        let isOpening = server.request.toTag.isEmpty
        var fields = isOpening && role == .callee ? [allow] : []
        timer.epoch += 1
        timer.interval = nil
        guard let own = sessionScript.interval, let value = server.request.header("Session-Expires"), let (asked, wanted) = PeerCall.parse(value)
        else { return fields }
        let refresher = isOpening ? sessionScript.refresher ?? wanted ?? .uac : wanted ?? .uac
        let least = server.request.header("Min-SE").flatMap { Int($0) } ?? 90
        timer.interval = min(asked, max(own, least))
        timer.isRefresher = refresher == .uas
        timer.accepted += isOpening ? 0 : 1
        fields += ["Session-Expires: \(timer.interval ?? asked);refresher=\(refresher.rawValue)", "Require: timer"]
        arm()
        return fields
    }

    private static func parse(_ value: String) -> (seconds: Int, refresher: SessionScript.Refresher?)? {
        let parts = value.split(separator: ";")
        guard let seconds = parts.first.flatMap({ Int($0) }) else { return nil }
        let refresher = parts.dropFirst().first { $0.hasPrefix("refresher=") }.flatMap { SessionScript.Refresher(rawValue: String($0.dropFirst(10))) }
        return (seconds, refresher)
    }

    // MARK: - Refusing

    /// Answers an INVITE with 422 when its interval is too short for this callee. True when it did.
    func refusesInterval(_ server: PeerServer) -> Bool {
        guard let minSE = sessionScript.minSE, let asked = server.request.header("Session-Expires").flatMap(PeerCall.parse), asked.seconds < minSE
        else { return false }
        respond(server, 422, fields: ["Min-SE: \(minSE)"])
        return true
    }

    /// Deals with a refresh as the script says. True when the request needs no other answer.
    func refusesRefresh(_ server: PeerServer) -> Bool {
        let message = server.request
        guard message.method == .invite || message.method == .update, !sessionScript.refusals.isEmpty,
            message.header("Session-Expires") != nil
        else { return false }
        let refusals = sessionScript.refusals
        guard timer.refused < refusals.count || refusals.last == 0 else { return false }
        let status = refusals[min(timer.refused, refusals.count - 1)]
        timer.refused += 1
        if status == 0 { return true }
        respond(server, status, fields: status == 422 ? ["Min-SE: \(120 + 10 * timer.refused)"] : [])
        return true
    }

    // MARK: - Time

    private func arm() {
        guard let interval = timer.interval else { return }
        let epoch = timer.epoch
        // Slightly before the end, as RFC 4028, section 10, says.
        let wait = timer.isRefresher ? Interval.milliseconds(Int64(interval) * 500) : .seconds(Int64(interval - min(32, interval / 3)))
        world.after(wait) { [weak self] in
            guard let self, timer.epoch == epoch, !isGone, wasAnswered, !forks[0].isEnded else { return }
            if timer.isRefresher {
                refresh(epoch)
            } else {
                timer.hasExpired = true
                hangUp()
            }
        }
    }

    private func refresh(_ epoch: Int) {
        guard let interval = timer.interval, timer.epoch == epoch, !isGone, !forks[0].isEnded else { return }
        if let most = sessionScript.stopsAfter, timer.sent >= most { return }
        let isBusy =
            clients.contains { ($0.method == .invite || $0.method == .update) && $0.isPending }
            || servers.contains { $0.request.method == .invite && $0.final == nil }
        if isBusy {
            world.after(.seconds(2)) { [weak self] in self?.refresh(epoch) }
            return
        }
        timer.sent += 1
        let fields = ["Contact: <\(contact)>", allow, "Supported: timer", "Session-Expires: \(interval);refresher=uac"]
        let client =
            sessionScript.refreshesByInvite
            ? request(.invite, fields: fields, body: PeerWriter.session(version: sessionVersion)) : request(.update, fields: fields)
        client.finalReceived = { [weak self] response in
            guard let self, !isGone else { return }
            switch response.status {
            case 200..<300: takeSession(response, inAnswerTo: client)
            case 481, 408: break
            default:
                timer.sent -= 1
                world.after(.milliseconds(role == .caller ? 2_600 : 1_100)) { [weak self] in self?.refresh(epoch) }
            }
        }
    }
}
