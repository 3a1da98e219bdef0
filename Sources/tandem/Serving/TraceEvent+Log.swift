import Logging
import Storage

extension TraceEvent {
    /// Tells the operator.
    func log(to logger: Logger) {
        switch self {
        case .paused(let reason): logger.warning("SIP messages are not traced for the time being", metadata: ["reason": "\(reason)"])
        case .resumed(let lost): logger.notice("SIP messages are traced again", metadata: ["messagesLost": "\(lost)"])
        case .fellBehind(let lost): logger.warning("the disk is too slow for the trace", metadata: ["messagesLost": "\(lost)"])
        case .cut(let file, let bytes):
            logger.notice(
                "the trace's last file ended with a part of a message, which was cut off", metadata: ["file": "\(file)", "bytes": "\(bytes)"])
        }
    }
}
