import Glibc
import NIOCore
import NIOPosix

/// A connection failed for this reason.
struct StreamFailure: Error, Sendable, Equatable {
    /// A sentence for people, without a full stop.
    var reason: String

    init(reason: String) { self.reason = reason }

    init(_ error: any Error) {
        switch error {
        case let failure as StreamFailure: self = failure
        // `connection refused`: the system's words, in lower case.
        case let error as IOError: reason = String(cString: strerror(error.errnoCode)).lowercased()
        case ChannelError.connectTimeout: reason = "no answer to the connection request"
        default: reason = "\(error)"
        }
    }
}
