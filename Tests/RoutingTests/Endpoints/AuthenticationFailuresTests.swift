import Routing
import Testing
import Vocabulary

/// Who is barred for failing to prove itself, and who is not.
@Suite("Authentication failures")
struct AuthenticationFailuresTests {
    let stranger = NetworkAddress("198.51.100.1:5060")!
    let owner = NetworkAddress("192.0.2.7:5060")!
    let start = Instant(nanoseconds: 1_000_000_000_000)

    private func limits(registrations: Int = 6, requests: Int = 6, answers: Int = 100) -> AuthenticationFailures.Limits {
        AuthenticationFailures.Limits(
            answers: answers, answerTime: .seconds(30), registrations: registrations, registrationSuspension: .seconds(180),
            requests: requests, requestSuspension: .seconds(600))
    }

    private func fail(
        _ failures: AuthenticationFailures, _ times: Int, account: String = "1001", from: NetworkAddress? = nil, isRegistration: Bool = true,
        limits: AuthenticationFailures.Limits? = nil, after: Interval = .zero
    ) -> AuthenticationFailures.Outcome? {
        var last: AuthenticationFailures.Outcome?
        for _ in 0..<times {
            last = failures.failed(
                account, source: from ?? stranger, isRegistration: isRegistration, limits: limits ?? self.limits(), now: start + after)
        }
        return last
    }

    @Test("the failure beyond the allowed ones suspends the source for that account, for the time of its rule")
    func suspension() {
        let failures = AuthenticationFailures()
        let rule = limits(registrations: 6, requests: 100)
        #expect(fail(failures, 6, limits: rule) == .mayTryAgain)
        #expect(failures.suspension(of: "1001", source: stranger, now: start) == nil)
        #expect(fail(failures, 1, limits: rule) == .suspended(.seconds(180)))
        #expect(failures.suspension(of: "1001", source: stranger, now: start + .seconds(179)) == .seconds(1))
        #expect(failures.suspension(of: "1001", source: stranger, now: start + .seconds(180)) == nil)
        // From another port it is the same host.
        #expect(failures.suspension(of: "1001", source: NetworkAddress("198.51.100.1:9")!, now: start) != nil)
    }

    @Test("INVITEs count for the rule of all requests only, whose suspension may be longer")
    func requests() {
        let failures = AuthenticationFailures()
        #expect(fail(failures, 6, isRegistration: false, limits: limits(registrations: 0)) == .mayTryAgain)
        #expect(fail(failures, 1, isRegistration: false, limits: limits(registrations: 0)) == .suspended(.seconds(600)))
        let both = AuthenticationFailures()
        #expect(fail(both, 7) == .suspended(.seconds(600)))
    }

    @Test("neither the owner elsewhere nor another account is concerned")
    func ownerIsSafe() {
        let failures = AuthenticationFailures()
        _ = fail(failures, 7)
        #expect(failures.suspension(of: "1001", source: owner, now: start) == nil)
        #expect(failures.suspension(of: "1002", source: stranger, now: start) == nil)
        #expect(failures.suspensions(now: start).map(\.account) == ["1001"])
    }

    @Test("a source that tries many accounts is barred from all of them")
    func sprayed() {
        let failures = AuthenticationFailures()
        for account in 0..<70 { _ = fail(failures, 1, account: "\(account)") }
        #expect(failures.suspension(of: "never tried", source: stranger, now: start) == nil)
        #expect(fail(failures, 1, account: "70") == .suspended(.seconds(600)))
        #expect(failures.suspension(of: "never tried", source: stranger, now: start) == .seconds(600))
        #expect(failures.suspension(of: "never tried", source: owner, now: start) == nil)
    }

    @Test("a source that tries many accounts slowly is barred as well, as long as it never stops for the time of a suspension")
    func sprayedSlowly() {
        let failures = AuthenticationFailures()
        for account in 0..<70 {
            #expect(fail(failures, 1, account: "\(account)", after: .seconds(Int64(account) * 100)) == .mayTryAgain)
        }
        #expect(fail(failures, 1, account: "70", after: .seconds(7_000)) == .suspended(.seconds(600)))
        #expect(failures.suspension(of: "never tried", source: stranger, now: start + .seconds(7_000)) == .seconds(600))
        // Its failures over all accounts are forgotten after a pause, like those at one.
        let patient = AuthenticationFailures()
        for account in 0..<70 { _ = fail(patient, 1, account: "\(account)") }
        #expect(fail(patient, 1, account: "70", after: .seconds(601)) == .mayTryAgain)
    }

    @Test("a suspension from all accounts lasts its time, whenever it began and whatever fails meanwhile")
    func suspensionStands() {
        let failures = AuthenticationFailures()
        _ = fail(failures, 1, account: "0")
        for account in 1..<71 { _ = fail(failures, 1, account: "\(account)", after: .seconds(590)) }
        #expect(failures.suspension(of: "never tried", source: stranger, now: start + .seconds(700)) == .seconds(490))
        // A registered device behind the same address is still asked, and may fail.
        _ = fail(failures, 1, account: "other", after: .seconds(700))
        #expect(failures.suspension(of: "never tried", source: stranger, now: start + .seconds(700)) == .seconds(490))
    }

    @Test("a suspension lasts its time though the limits become shorter and the source fails again")
    func shorterLimits() {
        let failures = AuthenticationFailures()
        var short = limits()
        (short.registrationSuspension, short.requestSuspension) = (.seconds(60), .seconds(60))
        _ = fail(failures, 7)
        for account in 0..<70 { _ = fail(failures, 1, account: "\(account)") }
        _ = fail(failures, 1, limits: short, after: .seconds(100))
        #expect(failures.suspension(of: "1001", source: stranger, now: start + .seconds(100)) == .seconds(500))
        #expect(failures.suspension(of: "never tried", source: stranger, now: start + .seconds(100)) == .seconds(500))
    }

    @Test("an IPv6 source is its /64 network: a fresh address for each guess does not help")
    func network() {
        let failures = AuthenticationFailures()
        func address(_ low: UInt64, network: UInt64 = 0x2001_0DB8_0000_0001) -> NetworkAddress {
            NetworkAddress(ipv6High: network, low: low << 32 | low, port: 5060)
        }
        for low: UInt64 in 1...6 { #expect(fail(failures, 1, from: address(low)) == .mayTryAgain) }
        #expect(fail(failures, 1, from: address(7)) == .suspended(.seconds(600)))
        #expect(failures.suspension(of: "1001", source: address(8), now: start) == .seconds(600))
        #expect(failures.suspension(of: "1001", source: address(8, network: 0x2001_0DB8_0000_0002), now: start) == nil)
        #expect(failures.suspension(of: "1002", source: address(8), now: start) == nil)
        #expect(failures.suspensions(now: start).map(\.host.hostDescription) == ["2001:db8:0:1::"])
        // Over all accounts as well.
        for account: UInt64 in 0..<64 { _ = fail(failures, 1, account: "\(account)", from: address(100 + account)) }
        #expect(failures.suspension(of: "never tried", source: address(9), now: start) == .seconds(600))
        #expect(failures.suspension(of: "never tried", source: address(9, network: 0x2001_0DB8_0000_0002), now: start) == nil)
    }

    @Test("neighbouring IPv4 addresses are different sources")
    func neighbours() {
        let failures = AuthenticationFailures()
        _ = fail(failures, 7)
        #expect(failures.suspension(of: "1001", source: NetworkAddress("198.51.100.2:5060")!, now: start) == nil)
        #expect(failures.suspensions(now: start).map(\.host.hostDescription) == ["198.51.100.1"])
    }

    @Test("the owner's success forgets no failures of another address in its network, nor of another port")
    func successElsewhere() {
        let failures = AuthenticationFailures()
        let guesser = NetworkAddress("[2001:db8:0:1::66]:5060")!
        _ = fail(failures, 6, from: guesser)
        failures.succeeded("1001", source: NetworkAddress("[2001:db8:0:1::7]:5060")!)
        failures.succeeded("1001", source: NetworkAddress("[2001:db8:0:1::66]:5062")!)
        #expect(fail(failures, 1, from: guesser) == .suspended(.seconds(600)))
    }

    @Test("success forgets the failures, and so does time")
    func forgotten() {
        let failures = AuthenticationFailures()
        _ = fail(failures, 6)
        failures.succeeded("1001", source: stranger)
        #expect(fail(failures, 6) == .mayTryAgain)
        #expect(fail(failures, 6, after: .seconds(601)) == .mayTryAgain)
    }

    @Test("wrong answers of one attempt are refused beyond their number; later ones begin a new attempt")
    func attempts() {
        let failures = AuthenticationFailures()
        let rule = limits(registrations: 100, requests: 100, answers: 3)
        #expect(fail(failures, 3, limits: rule) == .mayTryAgain)
        #expect(fail(failures, 1, limits: rule) == .refused)
        #expect(fail(failures, 3, limits: rule) == .mayTryAgain)
        #expect(fail(failures, 3, limits: rule, after: .seconds(31)) == .mayTryAgain)
        #expect(fail(failures, 1, limits: rule, after: .seconds(31)) == .refused)
    }

    @Test("the table keeps to its bound, and forgets those first who failed longest ago")
    func bounded() {
        let failures = AuthenticationFailures(maximum: 100)
        for number in 0..<2_000 {
            let source = NetworkAddress(ipv4: 0x0A00_0000 + UInt32(number), port: 5060)
            _ = failures.failed(
                "1001", source: source, isRegistration: true, limits: limits(registrations: 0), now: start + .milliseconds(Int64(number)))
            #expect(failures.count <= 100)
        }
        let last = NetworkAddress(ipv4: 0x0A00_0000 + 1_999, port: 5060)
        #expect(failures.suspension(of: "1001", source: last, now: start + .seconds(3)) != nil)
    }
}
