import CallRecords
import Routing
import Vocabulary

// What goes wrong, and what an operator does meanwhile.
extension Simulation {
    /// One throw of the dice for each call.
    func drawFaults() {
        if generator.chance(settings.storeFaults) { failStore() }
        if generator.chance(settings.slowCommits) { slowStore() }
        if generator.chance(settings.restarts) { dieSoon() }
        if generator.chance(settings.clockJumps) { jumpWallClock() }
        if generator.chance(settings.changes) { changeOffice() }
        if generator.chance(settings.hangUps) { hangUpSomeCall() }
    }

    // MARK: - The store

    private func failStore() {
        guard !world.store.isFailing else { return }
        report.storeFaults += 1
        world.setStoreFailing(true)
        markStoreFault()
        // A moment, or as long as it takes to make room on a full disk.
        let length = generator.chance(0.85) ? generator.milliseconds(100...3_000) : generator.milliseconds(20_000...150_000)
        world.after(length) { [unowned self] in
            world.setStoreFailing(false)
            markStoreFault()
        }
    }

    private func slowStore() {
        guard !isSlow else { return }
        report.slowTimes += 1
        isSlow = true
        markStoreFault()
        let usual = world.store.commitDelay
        world.store.commitDelay = generator.milliseconds(300...5_000)
        world.after(generator.milliseconds(500...15_000)) { [unowned self] in
            world.store.commitDelay = usual
            isSlow = false
            markStoreFault()
        }
    }

    private func markStoreFault() { for index in Array(entries.keys) { entries[index]?.sawStoreFault = true } }

    // MARK: - The process

    private func dieSoon() {
        world.after(generator.milliseconds(0...800)) { [unowned self] in
            world.killAt(generator.element(of: DeathPoint.allCases))
        }
    }

    func processDied() {
        report.restarts += 1
        outages.append(Outage(from: world.now, to: .never))
        world.after(downTime()) { [unowned self] in startProcess() }
    }

    private func downTime() -> Interval {
        switch generator.below(100) {
        case ..<60: .zero
        case ..<92: generator.milliseconds(1...1_000)
        case ..<99: generator.milliseconds(1_000...10_000)
        default: generator.milliseconds(10_000...180_000)
        }
    }

    private func startProcess() {
        outages[outages.count - 1].to = world.now
        process += 1
        tap.process = process
        let isBoot = generator.chance(0.2)
        if isBoot {
            boots.append(world.now)
            report.boots += 1
        }
        if settings.clockJumps > 0, generator.chance(0.1) { jumpWallClock() }
        let delays = world.store.answerDelay
        for id in world.start(afterBoot: isBoot) {
            world.report(Violation(.answerRecorded, call: nil, "the answered call \(id) was not restored", at: world.now))
        }
        for call in world.liveCalls {
            guard let index = SimulatedNumber.call(of: call.callee), let error = delays[call.id] else { continue }
            let before = entries[index]?.answerError ?? .zero
            entries[index]?.answerError = max(before, error)
        }
        // Several in a row.
        if generator.chance(0.15) {
            world.after(generator.milliseconds(0...60)) { [unowned self] in world.killAt(generator.element(of: DeathPoint.allCases)) }
        }
    }

    // MARK: - Clock and operator

    private func jumpWallClock() {
        report.clockJumps += 1
        let reach: Int64 = generator.chance(0.6) ? 5_000 : 20_000_000
        let length = generator.milliseconds(-reach...reach)
        jumps.append((world.now, length))
        world.jumpWallClock(by: length)
    }

    private func changeOffice() {
        report.changes += 1
        officeRevision += 1
        office = SimulatedOffice(&generator, revision: officeRevision)
        world.configure(office.configuration)
    }

    private func hangUpSomeCall() {
        guard !world.isSwitchDown else { return }
        let calls = world.liveCalls
        guard !calls.isEmpty else { return }
        let call = generator.element(of: calls)
        guard world.hangUp(call.id) else { return }
        if let index = SimulatedNumber.call(of: call.callee) { entries[index]?.wasHungUp = true }
    }
}
