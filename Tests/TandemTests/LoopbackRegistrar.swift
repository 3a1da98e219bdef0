import Foundation
import Synchronization
import Vocabulary

@testable import tandem

/// An upstream of one account on a free port of 127.0.0.1: takes every REGISTER, or stays silent from some point on.
final class LoopbackRegistrar: Sendable {
    private struct State {
        var isSilent = false
        var isClosed = false
        var registers: [String] = []
    }

    private let peer: DemoPeer
    private let state = Mutex(State())
    var address: NetworkAddress { peer.address }

    /// Every REGISTER that came.
    var registers: [String] { state.withLock { $0.registers } }

    init() throws { peer = try DemoPeer(name: "registrar") }

    /// Answers no more from now on.
    func fallSilent() { state.withLock { $0.isSilent = true } }
    func close() { state.withLock { $0.isClosed = true } }

    /// Answers until it is closed, on a thread of its own.
    func start() {
        Thread.detachNewThread { [self] in
            while !state.withLock({ $0.isClosed }) {
                guard let request = peer.receive(within: 0.1), request.hasPrefix("REGISTER ") else { continue }
                let isSilent = state.withLock { state in
                    state.registers.append(request)
                    return state.isSilent
                }
                if !isSilent { answer(request) }
            }
        }
    }

    /// 200 with the Contact that was registered, or with none when it goes.
    private func answer(_ request: String) {
        let lines = request.components(separatedBy: "\r\n")
        func header(_ name: String) -> String {
            lines.first { $0.lowercased().hasPrefix(name.lowercased() + ":") }?.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) ?? ""
        }
        let isGoing = header("Expires") == "0" || header("Contact").contains("expires=0")
        let contact = header("Contact").components(separatedBy: ">").first.map { $0 + ">;expires=60" } ?? ""
        let via = header("Via")
        guard let port = LoopbackRegistrar.port(via) else { return }
        peer.send(
            "SIP/2.0 200 OK\r\nVia: \(via)\r\nFrom: \(header("From"))\r\nTo: \(header("To"));tag=r\r\nCall-ID: \(header("Call-ID"))\r\n"
                + "CSeq: \(header("CSeq"))\r\n" + (isGoing ? "" : "Contact: \(contact)\r\n") + "Content-Length: 0\r\n\r\n",
            to: NetworkAddress(ipv4: 0x7F00_0001, port: port))
    }

    private static func port(_ via: String) -> UInt16? {
        via.split(separator: ";").first?.split(separator: " ").last.flatMap { NetworkAddress(String($0), defaultPort: 5060)?.port }
    }
}
