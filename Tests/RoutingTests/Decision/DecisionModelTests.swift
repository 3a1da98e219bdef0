import Routing
import Testing
import Vocabulary

/// Random configurations in random states: the decision agrees with `ReferenceDecision`, and what it says a
/// caller or gateway may have is what admission and seizure give.
@Suite("Decisions against a plain model")
struct DecisionModelTests {
    @Test("verdicts and order, for any configuration and state", arguments: 0..<8)
    func model(part: UInt64) {
        for seed in 0..<150 {
            var world = World(seed: part * 1_000 + UInt64(seed))
            for turn in 0..<8 {
                let question = world.question()
                let decision = Decide.decision(
                    world.configuration, callee: question.callee, caller: question.caller, origin: question.origin, source: question.source,
                    at: question.now)
                let found: [String] =
                    if let refusal = decision.refusal {
                        ["refused: \(refusal)"]
                    } else {
                        decision.candidates.map { "\(world.configuration.name(of: $0.destination))/\($0.prefixLength) \($0.verdict.name)" }
                    }
                let expected = world.reference.lines(
                    origin: question.origin, source: question.source, caller: question.caller, callee: question.callee,
                    time: world.configuration.zone.local(question.now.wall))
                #expect(found == expected, "seed \(part * 1_000 + UInt64(seed)), \(question)")
                // What was only looked at is then taken: it changes the state, so it comes last.
                if turn == 7 { world.take(decision, question) }
            }
        }
    }

    struct Question: CustomStringConvertible {
        var origin: CallOrigin
        var source: NetworkAddress
        var caller: String
        var callee: String
        var now: Moment
        var description: String { "\(origin) \(caller) -> \(callee) at \(now.wall.microseconds / 1_000_000)" }
    }

    /// A configuration of a few objects that meet often, and the state that they are in.
    struct World {
        let configuration: SwitchConfiguration
        var reference: ReferenceDecision
        private var generator: Generator
        private var kept: [SeatBox] = []
        private let now = Decide.moment()

        init(seed: UInt64) {
            generator = Generator(state: seed)
            var maker = Maker(generator: Generator(state: seed ^ 0xABCD))
            configuration = maker.configuration()
            reference = ReferenceDecision(
                configuration: configuration, mapping: configuration.mappingGateways.map { _ in .init() },
                routing: configuration.routingGateways.map { _ in .init() }, groups: configuration.groups.map { _ in .init() },
                phones: configuration.phones.map { _ in .init() })
            liven()
        }

        private mutating func chance(_ percent: UInt64) -> Bool { generator.next() % 100 < percent }
        private mutating func below(_ bound: Int) -> Int { Int(generator.next() % UInt64(bound)) }

        private mutating func liven() {
            for index in reference.mapping.indices { reference.mapping[index] = busy(configuration.mappingLive[index], .made) }
            for index in reference.groups.indices { reference.groups[index] = busy(configuration.groupLive[index], .made) }
            for index in reference.phones.indices {
                reference.phones[index] = busy(configuration.phoneLive[index], .made)
                reference.phones[index].isRegistered = register(configuration.phoneLive[index])
            }
            for index in reference.routing.indices {
                let live = configuration.routingLive[index]
                var known = busy(live, .received)
                known.isRegistered = register(live)
                if chance(15) {
                    known.waitSeconds = 5
                    live.unavailable(until: now.instant + .seconds(5))
                }
                if chance(30) {
                    let capacity = below(4)
                    known.published = capacity
                    live.publish(capacity: capacity, until: now.instant + .seconds(60))
                }
                for address in configuration.routingGateways[index].addresses where chance(40) {
                    known.dead.insert(address)
                    live.set(.dead, of: address)
                }
                let attempts = below(3) * 10
                let answers = attempts == 0 ? 0 : below(attempts + 1)
                for attempt in 0..<attempts {
                    configuration.attemptEnded(at: .routingGateway(index), answered: attempt < answers, now: now.instant)
                }
                known.answerRatio = attempts == 0 ? nil : answers * 100 / attempts
                reference.routing[index] = known
            }
        }

        private mutating func busy(_ live: LiveObject, _ direction: CallDirection) -> ReferenceDecision.Live {
            var known = ReferenceDecision.Live()
            known.calls = chance(50) ? below(3) : 0
            known.given = known.calls
            kept += live.occupy(known.calls, direction)
            known.admitted = chance(30) ? below(3) : 0
            for _ in 0..<known.admitted { _ = live.admit(limit: 100, now: now.instant) }
            return known
        }

        private mutating func register(_ live: LiveObject) -> Bool {
            guard chance(60) else { return false }
            live.location.update { $0 = [Decide.binding(from: Decide.address("192.0.2.200:5060"), until: 2_000)] }
            return true
        }

        mutating func question() -> Question {
            let isPhone = !configuration.phones.isEmpty && chance(25)
            let origin: CallOrigin = isPhone ? .phone(below(configuration.phones.count)) : .mappingGateway(below(configuration.mappingGateways.count))
            let source = NetworkAddress(ipv4: 0xC000_0200 + UInt32(below(8)), port: 5060)
            let numbers = Maker.numbers
            return Question(
                origin: origin, source: source, caller: numbers[below(numbers.count)], callee: numbers[below(numbers.count)],
                now: Moment(instant: now.instant, wall: WallTime(microseconds: (1_782_734_400 + Int64(below(7 * 24)) * 3_600) * 1_000_000)))
        }

        /// Admission and seizure say the same as the decision: of the caller, of each candidate that cannot take the
        /// call now, and of the first one that can.
        mutating func take(_ decision: CallDecision, _ question: Question) {
            let limits: Set<CallRefusal> = [.full, .groupFull, .rateExceeded, .groupRateExceeded]
            for candidate in decision.candidates where Self.mayPass.contains(candidate.verdict) {
                #expect(seize(candidate, question.now) == "\(candidate.verdict.name) \(candidate.detail)")
            }
            if let usable = decision.candidates.first(where: { $0.verdict.isUsable }) {
                #expect(seize(usable, question.now) == "seized")
            }
            if decision.refusal == nil || limits.contains(decision.refusal ?? .locked) {
                let expected = decision.refusal.map { "\($0) \(decision.refusalDetail)" } ?? "admitted"
                #expect(admit(question.origin, question.now) == expected || sharesGroup(decision, question.origin))
            }
        }

        /// Verdicts of which the next call may see nothing any more.
        private static let mayPass: Set<Candidate.Verdict> = [
            .retryAfter, .notRegistered, .noAddressAlive, .full, .groupFull, .linesReserved, .publishedFull, .rateExceeded, .groupRateExceeded,
        ]

        private func seize(_ candidate: Candidate, _ now: Moment) -> String {
            switch configuration.seize(candidate, began: now.instant, now: now) {
            case .seized: "seized"
            case .refused(let verdict, let detail): "\(verdict.name) \(detail)"
            }
        }

        private func admit(_ origin: CallOrigin, _ now: Moment) -> String {
            switch configuration.admit(origin, now: now) {
            case .admitted: "admitted"
            case .refused(let refusal, let detail): "\(refusal) \(detail)"
            }
        }

        /// Whether the seizure before may have been counted into a rate that the caller shares.
        private func sharesGroup(_ decision: CallDecision, _ origin: CallOrigin) -> Bool {
            guard case .mappingGateway(let index) = origin else { return false }
            return !configuration.mappingGateways[index].groups.isEmpty
        }
    }
}

/// Makes small random configurations out of few numbers, names and addresses.
struct Maker {
    var generator: Generator
    static let numbers = ["", "1", "10", "100", "1001", "101", "11", "2", "20", "200", "2001", "21", "100123"]

    private mutating func chance(_ percent: UInt64) -> Bool { generator.next() % 100 < percent }
    private mutating func below(_ bound: Int) -> Int { Int(generator.next() % UInt64(bound)) }
    private mutating func maybe(_ percent: UInt64, below bound: Int) -> Int? { chance(percent) ? below(bound) : nil }
    private mutating func some(of names: [String], _ percent: UInt64) -> [String] { names.filter { _ in chance(percent) } }
    private mutating func mode() -> FilterMode { chance(50) ? .allow : .deny }

    private mutating func prefixFilter() -> PrefixFilter { chance(15) ? PrefixFilter(mode(), some(of: ["1", "10", "2", "20"], 40)) : PrefixFilter() }
    private mutating func lengthFilter() -> LengthFilter { chance(10) ? LengthFilter(mask: UInt32(below(64)) << 1) : LengthFilter() }
    private mutating func nameFilter(_ names: [String], _ percent: UInt64) -> NameFilter {
        chance(percent) ? NameFilter(mode(), some(of: names, 50)) : NameFilter()
    }

    private mutating func periods() -> [Period] {
        guard chance(35) else { return [] }
        return (0..<2).map { half in
            var period = Period(weekdays: UInt8(below(128)), begin: half * 43_200, end: (half + 1) * 43_200)
            period.isBarred = chance(10)
            period.capacity = maybe(30, below: 3)
            period.callsPerSecond = maybe(20, below: 3)
            period.priority = maybe(40, below: 4)
            period.callerPrefixes = chance(20) ? prefixFilter() : nil
            period.calleePrefixes = chance(20) ? prefixFilter() : nil
            return period
        }
    }

    mutating func configuration() -> SwitchConfiguration {
        var values: [String: ParameterValue] = ["SS_GATEWAY_ASR_CALCULATE": .flag(chance(70)), "SS_TRY_PROTECT_ROUTE_DELAY": .none]
        if let position = maybe(60, below: 4) { values["SS_GATEWAY_ASR_ROUTE_SORT_CONFIG"] = .integer(position + 1) }
        var lists = [NumberGroup(name: "l", numbers: some(of: Self.numbers, 40)), NumberGroup(name: "m", numbers: some(of: Self.numbers, 20))]
        if chance(30) { lists.append(NumberGroup(name: NumberGroup.systemWhiteList, numbers: some(of: Self.numbers.filter { !$0.isEmpty }, 20))) }
        return SwitchConfiguration(
            mappingGateways: (0...below(2)).map { mapping("c\($0)") }, routingGateways: (0..<below(14)).map { routing("v\($0)") },
            phones: some(of: ["100", "20", "2001"], 50).map { phone($0) },
            groups: ["g", "h"].map { Decide.group($0, capacity: maybe(50, below: 4), callsPerSecond: maybe(30, below: 3)) },
            numberGroups: lists, parameters: ParameterValues(values))
    }

    private mutating func mapping(_ name: String) -> MappingGateway {
        var gateway = MappingGateway(name: name, addresses: [])
        gateway.locked = chance(5)
        gateway.capacity = maybe(20, below: 4)
        gateway.callsPerSecond = maybe(15, below: 4)
        gateway.groups = some(of: ["g", "h"], 15)
        gateway.routingGroups = nameFilter(["g", "h", "gone"], 25)
        gateway.callerPrefixes = prefixFilter()
        gateway.calleePrefixes = prefixFilter()
        gateway.callerLengths = lengthFilter()
        gateway.calleeLengths = lengthFilter()
        gateway.callerNumberGroups = nameFilter(["l", "m", "gone"], 10)
        gateway.calleeNumberGroups = nameFilter(["l", "m"], 10)
        gateway.calleeKind = chance(15) ? (chance(50) ? .phonesOnly : .noPhones) : .any
        gateway.routePolicies = chance(40) ? [.asr] : []
        gateway.periods = periods()
        return gateway
    }

    private mutating func routing(_ name: String) -> RoutingGateway {
        var gateway = RoutingGateway(
            name: name, addresses: (0..<below(3)).map { _ in NetworkAddress(ipv4: 0xC000_0200 + UInt32(below(16)), port: 5060) },
            prefixes: some(of: ["", "1", "10", "100", "2", "20"], 35), priority: below(3), locked: chance(8))
        gateway.prefixStyle = chance(25) ? .terminate : .proceed
        gateway.isProtectRoute = chance(15)
        gateway.capacity = maybe(40, below: 5)
        gateway.callsPerSecond = maybe(20, below: 3)
        gateway.groups = some(of: ["g", "h"], 30)
        gateway.reservedLines = maybe(25, below: 4)
        gateway.registersHere = chance(15)
        gateway.registration = chance(15) ? "upstream" : nil
        gateway.returnsCalls = chance(20)
        gateway.optionsCheck = chance(40)
        gateway.allowsPublish = chance(40)
        gateway.calculatesASR = chance(20) ? chance(50) : nil
        gateway.callerPrefixes = prefixFilter()
        gateway.calleePrefixes = prefixFilter()
        gateway.callerLengths = lengthFilter()
        gateway.calleeLengths = lengthFilter()
        gateway.callerNumberGroups = nameFilter(["l", "m"], 10)
        gateway.calleeNumberGroups = nameFilter(["l", "m"], 10)
        gateway.periods = periods()
        return gateway
    }

    private mutating func phone(_ name: String) -> Phone {
        var phone = Phone(name: name, password: "secret")
        phone.lock = Phone.Lock.allCases[below(4) < 3 ? 0 : below(4)]
        phone.outgoingLines = maybe(30, below: 3)
        phone.incomingLines = maybe(30, below: 2)
        phone.lines = maybe(30, below: 4)
        phone.address = chance(30) ? Decide.address("192.0.2.210:5060") : nil
        phone.routingGroups = nameFilter(["g"], 20)
        phone.callerNumberGroups = nameFilter(["l"], 20)
        phone.calleeNumberGroups = nameFilter(["m"], 20)
        return phone
    }
}
