import Glibc
import SwitchCore
import Vocabulary

/// Why the transport could not start. The description says what failed, where, and what helps.
public enum TransportError: Error, Sendable, Equatable {
    /// A listener could not be opened.
    case cannotListen(ListenerDescription, errorNumber: Int32)
    /// More listeners or shards than there may be.
    case outOfRange(String)
    /// A file that the TLS settings name cannot be used; `remedy` says what helps.
    case tlsFile(String, reason: String, remedy: String)
    /// The TLS settings do not suffice.
    case tlsSettings(String)
    /// A system call failed for no fault of the configuration.
    case system(String, errorNumber: Int32)
}

extension TransportError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .cannotListen(let listener, let errorNumber):
            let place = "\(listener.transport.name)://\(listener.local)"
            let reason = String(cString: strerror(errorNumber))
            return "cannot listen on \(place): \(reason)\(TransportError.remedy(for: listener, errorNumber))"
        case .outOfRange(let what), .tlsSettings(let what): return what
        case .tlsFile(let file, let reason, let remedy): return "\(file): \(reason); \(remedy)"
        case .system(let call, let errorNumber): return "\(call): \(String(cString: strerror(errorNumber)))"
        }
    }

    private static func remedy(for listener: ListenerDescription, _ errorNumber: Int32) -> String {
        let port = listener.local.port
        switch errorNumber {
        case EADDRINUSE:
            let option = listener.transport == .udp ? "-lunp" : "-ltnp"
            return "; another program has this port: stop it (ss \(option) 'sport = :\(port)' names it) or listen on another port"
        case EADDRNOTAVAIL:
            return "; no interface of this machine has that address: correct it, or listen on 0.0.0.0 or [::]"
        case EACCES, EPERM:
            return "; ports below 1024 need the capability CAP_NET_BIND_SERVICE: choose a higher port or grant it"
        case EAFNOSUPPORT:
            return "; this machine has no IPv\(listener.local.family == .ipv6 ? 6 : 4): remove the listener or switch it on"
        case EMFILE, ENFILE:
            return "; the limit on open files is reached: raise it (ulimit -n, LimitNOFILE=)"
        default: return ""
        }
    }
}
