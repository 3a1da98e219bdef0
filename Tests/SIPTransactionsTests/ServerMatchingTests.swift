import Containers
import SIPMessages
import SIPTransactions
import Testing
import Vocabulary

/// Requests of peers: which transaction they belong to (RFC 3261, section 17.2.3), what repetitions get,
/// CANCEL (9.2), ACK (17.2.1) and merged requests (8.2.2.2).
@Suite("Transaction layer: requests of peers")
struct ServerMatchingTests {
    let invite = PeerRequest()

    @Test("what differs in branch, sent-by or method is another transaction; what does not is the same")
    func cookieMatching() throws {
        let bench = Bench()
        let key = try #require(bench.receive(invite.text)?.newKey)
        #expect(bench.layer.method(of: key) == .invite)
        #expect(bench.layer.cseq(of: key) == 1)
        #expect(bench.receive(invite.text) == .repeated)
        let branch = invite.with {
            $0.via = "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKpeer2"
            $0.callID = "call-2@192.0.2.2"
        }
        let host = invite.with {
            $0.via = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKpeer1"
            $0.callID = "call-3@192.0.2.2"
        }
        let port = invite.with {
            $0.via = "SIP/2.0/UDP 192.0.2.2:5062;branch=z9hG4bKpeer1"
            $0.callID = "call-4@192.0.2.2"
        }
        let method = invite.with { $0.method = "OPTIONS" }
        for other in [branch, host, port, method] { #expect(bench.receive(other.text)?.newKey != nil) }
        // A request that matches by branch is the same one, whatever else it says.
        #expect(bench.receive(invite.with { $0.callID = "call-5@192.0.2.2" }.text) == .repeated)
    }

    @Test("methods that we do not know by name still differ")
    func unknownMethods() {
        let bench = Bench()
        #expect(bench.receive(invite.with { $0.method = "FETCH" }.text)?.newKey != nil)
        #expect(
            bench.receive(
                invite.with {
                    $0.method = "STORE"
                    $0.cseq = 2
                }.text)?.newKey != nil)
        #expect(bench.receive(invite.with { $0.method = "FETCH" }.text) == .repeated)
    }

    /// Requests of RFC 2543 peers, and those whose branch is a bare cookie.
    static let legacyVias = ["SIP/2.0/UDP 192.0.2.2:5060", "SIP/2.0/UDP 192.0.2.2:5060;branch=1", "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK"]

    @Test("without a magic cookie, top Via, Call-ID, From tag and CSeq name the transaction", arguments: legacyVias)
    func legacyMatching(via: String) throws {
        let bench = Bench()
        let old = invite.with { $0.via = via }
        #expect(bench.receive(old.text)?.newKey != nil)
        #expect(bench.receive(old.text) == .repeated)
        for other in [
            old.with { $0.callID = "call-2@192.0.2.2" }, old.with { $0.cseq = 2 },
            old.with { $0.from = "<sip:+14155550101@example.net>;tag=another" }, old.with { $0.method = "OPTIONS" },
        ] { #expect(bench.receive(other.text)?.newKey != nil) }
        #expect(bench.receive(old.with { $0.via = via + ";x=1" }.text)?.newKey == nil, "another path of the same request is merged")
    }

    @Test("without a magic cookie, ACK and CANCEL find their INVITE", arguments: legacyVias)
    func legacyAckAndCancel(via: String) throws {
        let bench = Bench()
        let old = invite.with { $0.via = via }
        let key = try #require(bench.receive(old.text)?.newKey)
        guard case .cancel(_, let target) = bench.receive(old.with { $0.method = "CANCEL" }.text) else {
            Issue.record("no CANCEL")
            return
        }
        #expect(target == key)
        bench.respond(key, 487)
        #expect(
            bench.receive(
                old.with {
                    $0.method = "ACK"
                    $0.to = "<sip:+14155550100@example.net>;tag=ours"
                }.text) == .acknowledged)
        bench.pass(until: at(5_100))
        #expect(!bench.isAlive(key))
    }

    // MARK: - Repetitions

    @Test("a repeated request gets nothing before the first response, then the last one, byte for byte")
    func repetitions() throws {
        let bench = Bench()
        let key = try #require(bench.receive(invite.text)?.newKey)
        #expect(bench.receive(invite.text) == .repeated)
        #expect(bench.sent().isEmpty)
        for status in [100, 183, 180, 486] {
            bench.respond(key, status)
            let response = bench.sent()
            #expect(response.count == 1)
            #expect(response[0].message.lines[0].hasPrefix("SIP/2.0 \(status) "))
            #expect(bench.receive(invite.text) == .repeated)
            #expect(bench.sent().map(\.message) == response.map(\.message))
        }
        #expect(bench.layer.retransmissions == 4)
    }

    @Test("a repeated INVITE after a 2xx gets nothing: the user repeats the 2xx until it is acknowledged")
    func repeatedAfterAnswer() throws {
        let bench = Bench()
        let key = try #require(bench.receive(invite.text)?.newKey)
        bench.respond(key, 200)
        let answer = bench.sent()[0]
        #expect(bench.receive(invite.text) == .repeated)
        #expect(bench.sent().isEmpty)
        bench.layer.repeatLastResponse(key, outbox: &bench.outbox)
        let copy = bench.sent()
        #expect(copy.map(\.message) == [answer.message])
        #expect(copy[0].flow == answer.flow)
        bench.layer.answerAcknowledged(key)
        bench.layer.repeatLastResponse(key, outbox: &bench.outbox)
        #expect(bench.sent().isEmpty)
        bench.pass(until: at(31_900))
        #expect(bench.receive(invite.text) == .repeated)
        bench.pass(until: at(32_100))
        #expect(bench.layer.count == 0)
        #expect(bench.layer.nextDeadline == .never)
    }

    @Test("a second final response, or a provisional one after a final one, does not go out", arguments: ["INVITE", "OPTIONS"])
    func onlyOneFinal(method: String) throws {
        let bench = Bench()
        let key = try #require(bench.receive(invite.with { $0.method = method }.text)?.newKey)
        bench.respond(key, 486)
        #expect(bench.sent().count == 1)
        #expect(bench.isAnswered(key))
        bench.respond(key, 200)
        bench.respond(key, 180)
        #expect(bench.sent().isEmpty)
        #expect(bench.receive(invite.with { $0.method = method }.text) == .repeated)
        #expect(bench.sentStartLines() == ["SIP/2.0 486 Busy Here"])
    }

    @Test("a request over a stream that was finally answered leaves nothing behind")
    func stream() throws {
        let bench = Bench()
        let key = try #require(bench.receive(invite.with { $0.method = "OPTIONS" }.text, from: tcp())?.newKey)
        bench.respond(key, 200)
        #expect(bench.layer.count == 0)
        #expect(bench.layer.nextDeadline == .never)
    }

    // MARK: - ACK

    @Test("a failure is repeated until its ACK comes; the ACK is not shown to the user")
    func failureAcknowledged() throws {
        let bench = Bench()
        let key = try #require(bench.receive(invite.text)?.newKey)
        bench.respond(key, 404)
        _ = bench.sent()
        #expect(bench.pass(until: at(2_000)).map { $0.message.lines[0] } == ["SIP/2.0 404 Not Found", "SIP/2.0 404 Not Found"])
        let ack = invite.with {
            $0.method = "ACK"
            $0.to = "<sip:+14155550100@example.net>;tag=ours"
        }
        #expect(bench.receive(ack.text) == .acknowledged)
        #expect(bench.receive(ack.text) == .acknowledged)
        #expect(bench.receive(invite.text) == .repeated)
        #expect(bench.pass(until: at(6_900)).isEmpty)
        #expect(bench.isAlive(key))
        bench.pass(until: at(7_100))
        #expect(bench.layer.count == 0)
    }

    @Test("a failure whose ACK never comes is given up by timer H")
    func failureUnacknowledged() throws {
        let bench = Bench()
        let key = try #require(bench.receive(invite.text)?.newKey)
        bench.respond(key, 503)
        _ = bench.sent()
        #expect(bench.pass(until: at(31_900)).count == 10)
        #expect(bench.pass(until: at(32_100)).isEmpty)
        #expect(bench.layer.count == 0)
        #expect(bench.layer.nextDeadline == .never)
    }

    @Test("the ACK of a 2xx has a branch of its own and belongs to the dialog")
    func answerAcknowledged() throws {
        let bench = Bench()
        let key = try #require(bench.receive(invite.text)?.newKey)
        bench.respond(key, 200)
        let ack = invite.with {
            $0.method = "ACK"
            $0.via = "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKack"
            $0.to = "<sip:+14155550100@example.net>;tag=ours"
        }
        #expect(bench.receive(ack.text) == .dialogAck)
        // Some peers put the INVITE's branch there; it is still the dialog's.
        #expect(bench.receive(ack.with { $0.via = invite.via }.text) == .dialogAck)
        #expect(bench.layer.count == 1, "an ACK opens no transaction")
    }

    @Test("an ACK that belongs to nothing opens nothing")
    func strayAck() {
        let bench = Bench()
        #expect(bench.receive(invite.with { $0.method = "ACK" }.text) == .dialogAck)
        #expect(bench.layer.count == 0)
    }

    @Test("an ACK before any final response changes nothing")
    func earlyAck() throws {
        let bench = Bench()
        let key = try #require(bench.receive(invite.text)?.newKey)
        bench.respond(key, 180)
        _ = bench.sent()
        #expect(bench.receive(invite.with { $0.method = "ACK" }.text) == .acknowledged)
        bench.respond(key, 486)
        #expect(bench.sent().count == 1)
        #expect(bench.pass(until: at(600)).count == 1)
    }

    // MARK: - CANCEL

    @Test("a CANCEL has a transaction of its own and names the INVITE with the same branch")
    func cancel() throws {
        let bench = Bench()
        let key = try #require(bench.receive(invite.text)?.newKey)
        let cancel = invite.with { $0.method = "CANCEL" }
        guard case .cancel(let own, let target) = bench.receive(cancel.text) else {
            Issue.record("no CANCEL")
            return
        }
        #expect(target == key)
        #expect(own != key)
        bench.respond(own, 200)
        bench.respond(key, 487)
        let sent = bench.sent()
        #expect(sent.map { $0.message.values("CSeq") } == [["1 CANCEL"], ["1 INVITE"]])
        #expect(bench.receive(cancel.text) == .repeated)
        #expect(bench.sent().map(\.message) == [sent[0].message])
    }

    @Test(
        "a CANCEL of nothing has no target",
        arguments: [
            PeerRequest().with { $0.via = "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKother" },
            PeerRequest().with { $0.via = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKpeer1" },
        ])
    func cancelOfNothing(request: PeerRequest) {
        let bench = Bench()
        _ = bench.receive(invite.text)
        guard case .cancel(_, let target) = bench.receive(request.with { $0.method = "CANCEL" }.text) else {
            Issue.record("no CANCEL")
            return
        }
        #expect(target == nil)
    }

    @Test("a CANCEL after the final response still finds the INVITE, and one after its end does not")
    func lateCancel() throws {
        let bench = Bench()
        let key = try #require(bench.receive(invite.text)?.newKey)
        bench.respond(key, 200)
        guard case .cancel(let own, let target) = bench.receive(invite.with { $0.method = "CANCEL" }.text) else {
            Issue.record("no CANCEL")
            return
        }
        #expect(target == key)
        #expect(bench.isAnswered(key))
        bench.respond(own, 200)
        bench.pass(until: at(40_000))
        guard case .cancel(_, let later) = bench.receive(invite.with { $0.method = "CANCEL" }.text) else {
            Issue.record("no CANCEL")
            return
        }
        #expect(later == nil)
    }

    // MARK: - Merged requests

    @Test("the same request by another path is merged: Call-ID, From tag and CSeq are those of an ongoing one")
    func merged() throws {
        let bench = Bench()
        let key = try #require(bench.receive(invite.text)?.newKey)
        let other = invite.with {
            $0.via = "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKpath2"
            $0.uri = "sip:other@192.0.2.1"
        }
        guard case .merged(let second) = bench.receive(other.text) else {
            Issue.record("not merged")
            return
        }
        #expect(second != key)
        bench.respond(second, 482)
        #expect(bench.sentStartLines() == ["SIP/2.0 482 Loop Detected"])
        // The repetition of the merged one is its own.
        #expect(bench.receive(other.text) == .repeated)
        // A third path is merged with the first as well, even when the second has gone.
        _ = bench.receive(other.with { $0.method = "ACK" }.text)
        bench.pass(until: at(6_000))
        #expect(!bench.isAlive(second))
        if case .merged = bench.receive(other.with { $0.via = "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKpath3" }.text) {
        } else {
            Issue.record("not merged")
        }
    }

    @Test(
        "a request inside a dialog is never merged, nor one that differs in Call-ID, From tag, CSeq or method",
        arguments: [
            PeerRequest().with { $0.to = "<sip:+14155550100@example.net>;tag=ours" },
            PeerRequest().with { $0.callID = "call-2@192.0.2.2" },
            PeerRequest().with { $0.from = "<sip:+14155550101@example.net>;tag=another" },
            PeerRequest().with { $0.cseq = 2 },
            PeerRequest().with { $0.method = "OPTIONS" },
        ])
    func notMerged(request: PeerRequest) {
        let bench = Bench()
        _ = bench.receive(invite.text)
        #expect(bench.receive(request.with { $0.via = "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKpath2" }.text)?.newKey != nil)
    }

    @Test("once the first has ended the same request is new again")
    func mergedNoMore() throws {
        let bench = Bench()
        let key = try #require(bench.receive(invite.with { $0.method = "OPTIONS" }.text)?.newKey)
        bench.respond(key, 200)
        bench.pass(until: at(33_000))
        #expect(
            bench.receive(
                invite.with {
                    $0.method = "OPTIONS"
                    $0.via = "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKpath2"
                }.text)?.newKey != nil)
    }

    // MARK: - All

    @Test("the user of a request is kept and changed")
    func users() throws {
        let bench = Bench()
        let key = try #require(bench.receive(invite.text)?.newKey)
        #expect(bench.layer.user(of: key) == .nobody)
        let user = TransactionUser(leg: SlabKey(index: 9, generation: 3), peer: SlabKey(index: 1, generation: 1), purpose: .relay)
        bench.layer.setUser(user, of: key)
        #expect(bench.layer.user(of: key) == user)
    }

    @Test("ten thousand requests are told apart, and all end without a timer left")
    func many() throws {
        let bench = Bench()
        var keys: [ServerKey] = []
        for i in 0..<10_000 {
            let request = invite.with {
                $0.method = i % 2 == 0 ? "INVITE" : "OPTIONS"
                $0.via = "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK\(i)"
                $0.callID = "call-\(i)@192.0.2.2"
            }
            keys.append(try #require(bench.receive(request.text)?.newKey))
        }
        #expect(Set(keys).count == 10_000)
        #expect(bench.layer.count == 10_000)
        for i in stride(from: 0, to: 10_000, by: 97) {
            let request = invite.with {
                $0.method = i % 2 == 0 ? "INVITE" : "OPTIONS"
                $0.via = "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK\(i)"
                $0.callID = "call-\(i)@192.0.2.2"
            }
            #expect(bench.receive(request.text) == .repeated)
        }
        for (i, key) in keys.enumerated() {
            bench.respond(key, [200, 486, 404, 202][i % 4])
            bench.outbox.removeAll()
        }
        bench.pass(until: at(33_000))
        #expect(bench.layer.count == 0)
        #expect(bench.layer.nextDeadline == .never)
        #expect(
            bench.receive(
                invite.with {
                    $0.callID = "call-0@192.0.2.2"
                    $0.via = "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK0"
                }.text)?.newKey != nil)
    }
}

extension PeerRequest: CustomTestStringConvertible {
    var testDescription: String { "\(method) \(via) \(callID) \(cseq) \(to)" }
}
