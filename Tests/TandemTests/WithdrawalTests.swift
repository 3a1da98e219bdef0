import CallRecords
import Synchronization
import Testing
import Vocabulary

@testable import tandem

/// The part of a stop that withdraws registrations, in virtual time: each pause moves the clock.
@Suite struct WithdrawalTests {
    private static let start = WallTime(microseconds: 1_767_225_600_000_000)

    private static func status(
        _ name: String, _ state: RegistrationStatus.State, boundFor seconds: Int64? = 3600, lastStatus: Int = 200, reason: String = ""
    ) -> RegistrationStatus {
        RegistrationStatus(
            name: name, state: state, since: start, boundUntil: seconds.map { start + .seconds($0) } ?? .unset, reason: reason,
            lastStatus: lastStatus, upstream: "192.0.2.10:5060 udp")
    }

    /// A switch whose registrations change at the looks that a script says.
    private final class Holder: RegistrationHolder {
        struct State {
            var looks = 0
            var withdrawals = 0
        }
        let state = Mutex(State())
        /// What stands at the look of a number; look 0 comes before the withdrawal.
        let script: @Sendable (_ look: Int) -> [RegistrationStatus]

        init(_ script: @escaping @Sendable (_ look: Int) -> [RegistrationStatus]) { self.script = script }

        func registrations() async throws -> [RegistrationStatus] {
            script(
                state.withLock { state in
                    defer { state.looks += 1 }
                    return state.looks
                })
        }
        func withdrawRegistrations() async throws { state.withLock { $0.withdrawals += 1 } }
    }

    /// A clock that moves when somebody pauses, and what was told on the way.
    private final class World: Sendable {
        let elapsed = Mutex(Interval.zero)
        let progress = Mutex<[String]>([])

        func withdrawal(bound: Interval = .seconds(10), isSending: Bool = true, hurriesAfter: Interval? = nil) -> RegistrationWithdrawal {
            RegistrationWithdrawal(
                bound: bound, isSending: isSending,
                now: {
                    let passed = self.elapsed.withLock { $0 }
                    return Moment(instant: .zero + passed, wall: WithdrawalTests.start + passed)
                },
                pause: { interval in self.elapsed.withLock { $0 = $0 + interval } },
                isHurried: { hurriesAfter.map { limit in self.elapsed.withLock { $0 >= limit } } ?? false },
                onProgress: { done, all in self.progress.withLock { $0.append("\(done)/\(all)") } })
        }
    }

    @Test("every upstream that confirms is withdrawn, and the wait ends with the last answer")
    func confirmed() async {
        let world = World()
        let holder = Holder { look in
            switch look {
            case 0: [Self.status("a", .registered), Self.status("b", .refreshing), Self.status("c", .disabled, boundFor: nil)]
            case 1: [Self.status("a", .withdrawing), Self.status("b", .withdrawing), Self.status("c", .disabled, boundFor: nil)]
            case 2: [Self.status("a", .withdrawn, boundFor: nil), Self.status("b", .withdrawing), Self.status("c", .disabled, boundFor: nil)]
            default: [Self.status("a", .withdrawn, boundFor: nil), Self.status("b", .withdrawn, boundFor: nil)]
            }
        }
        let outcome = await world.withdrawal().run(holder)
        #expect(outcome.ending == .allAnswered)
        #expect(outcome.isClean)
        #expect(outcome.lines == ["a (192.0.2.10:5060 udp): withdrawn", "b (192.0.2.10:5060 udp): withdrawn"])
        #expect(world.progress.withLock { $0 } == ["0/2", "1/2", "2/2"])
        #expect(world.elapsed.withLock { $0 } == .milliseconds(100))
        #expect(holder.state.withLock { $0.withdrawals } == 1)
    }

    @Test("silence ends at the bound, and says until when a stale binding may stand")
    func silence() async {
        let world = World()
        let holder = Holder { look in [Self.status("a", look == 0 ? .registered : .withdrawing)] }
        let outcome = await world.withdrawal(bound: .seconds(2)).run(holder)
        #expect(outcome.ending == .bound(.seconds(2)))
        #expect(!outcome.isClean)
        #expect(outcome.staleUntil == Self.start + .seconds(3600))
        #expect(
            outcome.lines == [
                "a (192.0.2.10:5060 udp): no answer to the withdrawal; a stale binding may stand until 2026-01-01T01:00:00.000Z (3,598 s)",
                "stopped waiting after 2 s (shutdown.unregisterTimeout)",
            ])
        #expect(world.elapsed.withLock { $0 } == .seconds(2))
    }

    @Test("a bound of 0 sends and waits for nothing")
    func noBound() async {
        let world = World()
        let holder = Holder { look in [Self.status("a", look == 0 ? .registered : .withdrawing)] }
        let outcome = await world.withdrawal(bound: .zero).run(holder)
        #expect(holder.state.withLock { $0.withdrawals } == 1)
        #expect(outcome.upstreams.map(\.result) == [.noAnswer])
        #expect(world.elapsed.withLock { $0 } == .zero)
    }

    @Test("a refusal is told with its status and reason, a silence of the machine's own bound as no answer")
    func refused() async {
        let holder = Holder { look in
            look == 0
                ? [Self.status("a", .registered), Self.status("b", .registered)]
                : [
                    Self.status("a", .withdrawalFailed, lastStatus: 403, reason: "403 Forbidden"),
                    Self.status("b", .withdrawalFailed, lastStatus: 200, reason: "no answer within 32 s"),
                ]
        }
        let outcome = await World().withdrawal().run(holder)
        #expect(outcome.upstreams.map(\.result) == [.refused(403), .noAnswer])
        #expect(outcome.lines[0].hasPrefix("a (192.0.2.10:5060 udp): withdrawal refused with 403 (403 Forbidden); a stale binding may stand until"))
        #expect(outcome.lines[1].hasPrefix("b (192.0.2.10:5060 udp): no answer to the withdrawal (no answer within 32 s); a stale binding"))
        #expect(outcome.report.map(\.isAlarming) == [true, true])
    }

    @Test("a second signal ends the wait")
    func hurried() async {
        let world = World()
        let holder = Holder { look in [Self.status("a", look == 0 ? .registered : .withdrawing)] }
        let outcome = await world.withdrawal(hurriesAfter: .seconds(1)).run(holder)
        #expect(outcome.ending == .hurried)
        #expect(outcome.lines.last == "stopped waiting: told to stop a second time")
        #expect(world.elapsed.withLock { $0 } == .seconds(1))
    }

    @Test("with the parameter Off nothing is sent, and one line says until when bindings may stand")
    func off() async {
        let holder = Holder { _ in [Self.status("a", .registered, boundFor: 60), Self.status("b", .registered, boundFor: 90)] }
        let outcome = await World().withdrawal(isSending: false).run(holder)
        #expect(holder.state.withLock { $0.withdrawals } == 0)
        #expect(
            outcome.lines == [
                "SS_SIP_USER_AGENT_SEND_UNREGISTER is Off: nothing was sent to upstreams; 2 may hold a registration; "
                    + "a stale binding may stand until 2026-01-01T00:01:30.000Z (90 s)"
            ])
        let none = await World().withdrawal(isSending: false).run(Holder { _ in [] })
        #expect(none.lines == ["SS_SIP_USER_AGENT_SEND_UNREGISTER is Off: nothing was sent to upstreams; none holds a registration"])
    }

    @Test("without registrations there is nothing to say")
    func none() async {
        let outcome = await World().withdrawal().run(Holder { _ in [] })
        #expect(outcome.lines.isEmpty)
        #expect(outcome.isClean)
    }

    @Test("above fifty the outcome is summed up, and what went wrong is named")
    func many() async {
        let holder = Holder { look in
            (1...10_000).map { number in
                let name = "u\(number)"
                if look == 0 { return Self.status(name, .registered) }
                return number <= 3 ? Self.status(name, .withdrawing) : Self.status(name, .withdrawn, boundFor: nil)
            }
        }
        let outcome = await World().withdrawal(bound: .zero).run(holder)
        #expect(outcome.lines.count == 5)
        #expect(outcome.lines[0].hasPrefix("u1 (192.0.2.10:5060 udp): no answer"))
        #expect(
            outcome.lines[3]
                == "10,000 registrations: 9,997 withdrawn, 0 refused, 3 without an answer; "
                + "a stale binding may stand until 2026-01-01T01:00:00.000Z (3,600 s)")
        let silent = await World().withdrawal(bound: .zero).run(
            Holder { look in (1...60).map { Self.status("u\($0)", look == 0 ? .registered : .withdrawing) } })
        #expect(silent.lines.count == 53)
        #expect(silent.lines[50] == "... and 10 more")
    }

    @Test("a registration that was withdrawn long ago is not counted as withdrawn by the stop")
    func longAgo() async {
        let outcome = await World().withdrawal().run(Holder { _ in [Self.status("old", .withdrawn, boundFor: nil)] })
        #expect(outcome.upstreams.isEmpty)
    }

    @Test("what the last process left is told with until when, also for very many")
    func staleAtStart() {
        func stored(_ name: String, boundFor seconds: Int64?) -> StoredRegistration {
            StoredRegistration(
                name: name, callID: "c", fromTag: "t", cseqBound: 1, contactUser: "k", contact: "sip:k@192.0.2.1",
                target: Target(address: NetworkAddress(ipv4: 0xC000_020A, port: 5060), transport: .udp),
                boundUntil: seconds.map { Self.start + .seconds($0) } ?? .unset, registrar: "sw.example.net", addressOfRecord: "sip:a@sw.example.net",
                authUser: "a", password: "secret")
        }
        let stale = StaleBindings([stored("b", boundFor: 60), stored("a", boundFor: nil), stored("c", boundFor: -1)], at: Self.start)
        #expect(
            stale.lines == [
                "b (192.0.2.10:5060): a binding of the last run may be stale until 2026-01-01T00:01:00.000Z (60 s); "
                    + "registering again with the same Call-ID replaces it"
            ])
        let many = StaleBindings((1...1000).map { stored("r\($0)", boundFor: Int64($0)) }, at: Self.start)
        #expect(many.lines.count == 1)
        #expect(many.lines[0].hasPrefix("1,000 bindings of the last run may be stale until 2026-01-01T00:16:40.000Z (1,000 s)"))
    }
}
