import Dispatch
import Logging
import ManagementAPI
import SIPTransport
import SwitchCore
import Vocabulary

/// Logs floods and overload: one line for many messages. The shards tell of few, so none is held back here.
extension RegistrationEventLog {
    func protectionNoticed(_ notices: [ProtectionNotice], shard: Int) {
        writing.async {
            for notice in notices { self.log(notice, shard) }
        }
    }

    private func log(_ notice: ProtectionNotice, _ shard: Int) {
        switch notice {
        case .flood(let flood, let isOver):
            logger.notice(
                isOver ? "a flood is over" : "messages are refused",
                metadata: [
                    "source": "\(flood.source?.hostDescription ?? "many")", "cause": "\(flood.cause.rawValue)", "count": "\(flood.count)",
                    "since": "\(flood.since.rfc3339)", "shard": "\(shard)",
                ])
        case .overload(let refusesCalls, let refusesRequests, let lag):
            logger.warning(
                refusesCalls ? "overloaded: new calls are refused" : "no longer overloaded",
                metadata: ["registersToo": "\(refusesRequests)", "waitingMilliseconds": "\(lag)", "shard": "\(shard)"])
        }
    }
}
