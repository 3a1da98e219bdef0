import Vocabulary

/// How the parties of one simulated call are going to behave.
public struct CallPlan: Sendable, Equatable {
    /// What is special about a call; each is one of the ways in which calls go, or go wrong.
    public enum Behaviour: String, Sendable, CaseIterable {
        case callerHangsUp, calleeHangsUp, bothHangUp
        case earlyMedia, reliableProvisional, requiredReliableProvisional, lateOffer
        case busy, declined, nextGatewayAfterFailure, nextGatewayAfterSilence, redirected, nobodyAnswers
        case cancelledWhileRinging, cancelledAtAnyMoment, answeredDespiteCancel, neverEndsAfterCancel
        case acknowledgementMissing, acknowledgementLate
        case reinvitedByCaller, reinvitedByCallee, reinvitedByBoth, updated
        case requestsInDialog, staleSequenceNumber, referred
        case forkedProvisionals, forkedAnswers
        case byeUnansweredByCaller, byeUnansweredByCallee
        case refreshedByCaller, refreshedBySwitch, refreshedByCallee, refreshedOnBothLegs
        case refresherStops, refreshesIgnored, refreshesRefused, refreshUnknown, refreshMeets, intervalTooSmall, intervalRaised
        case partyDies, partyLosesDialog, byeAfterEnd, byeForged, reachesLimit
    }

    public var behaviour: Behaviour
    public var caller = CallerScript()
    /// One script for each gateway in the order of the route.
    public var callees: [CalleeScript] = []

    /// Whether the switch must pass an answer when the network loses nothing: some gateway answers
    /// before the caller gives up, and all before it fail.
    public var mustBeAnswered: Bool {
        switch behaviour {
        case .busy, .declined, .redirected, .nobodyAnswers, .cancelledWhileRinging, .cancelledAtAnyMoment, .answeredDespiteCancel,
            .neverEndsAfterCancel, .intervalTooSmall:
            false
        default: true
        }
    }

    /// Whether both parties stay, and keep their sessions, until they hang up: nothing else may end the call.
    public var keepsSession: Bool {
        switch behaviour {
        case .refresherStops, .refreshesIgnored, .refreshesRefused, .refreshUnknown, .partyDies, .partyLosesDialog: false
        default: true
        }
    }

    /// Whether the call may last for minutes.
    public var isLong: Bool {
        switch behaviour {
        case .refreshedByCaller, .refreshedBySwitch, .refreshedByCallee, .refreshedOnBothLegs, .refresherStops, .refreshesIgnored,
            .refreshesRefused, .refreshUnknown, .refreshMeets, .intervalRaised, .partyDies, .partyLosesDialog, .reachesLimit, .byeForged:
            true
        default: false
        }
    }

    /// Whether several dialogs come from one INVITE, so that more BYEs are seen than end the call.
    public var isForked: Bool { behaviour == .forkedAnswers || behaviour == .forkedProvisionals }

    public static func random(_ generator: inout SeededGenerator) -> CallPlan {
        // A plain call is as likely as all special ones together.
        let behaviour = generator.chance(0.3) ? Behaviour.callerHangsUp : generator.element(of: Behaviour.allCases)
        return CallPlan(behaviour, &generator)
    }

    init(_ behaviour: Behaviour, _ generator: inout SeededGenerator) {
        self.behaviour = behaviour
        var answering = CalleeScript.answering(&generator)
        let talk = generator.milliseconds(200...15_000)
        switch behaviour {
        case .callerHangsUp:
            caller.inDialog = [TimedAction(after: talk, .bye)]
            caller.session = generator.chance(0.4) ? .random(&generator) : SessionScript()
            answering.session = generator.chance(0.4) ? .random(&generator) : SessionScript()
        case .calleeHangsUp:
            answering.inDialog = [TimedAction(after: talk, .bye)]
            caller.session = generator.chance(0.4) ? .random(&generator) : SessionScript()
        case .bothHangUp:
            caller.inDialog = [TimedAction(after: talk, .bye)]
            answering.inDialog = [TimedAction(after: talk + generator.milliseconds(-40...60), .bye)]
        case .earlyMedia:
            answering.provisionals = [ScriptedProvisional(after: generator.milliseconds(5...500), status: 183, hasMedia: true)]
            if generator.chance(0.5) { answering.provisionals.append(ScriptedProvisional(after: .milliseconds(700), status: 180)) }
            caller.inDialog = [TimedAction(after: talk, .bye)]
        case .reliableProvisional, .requiredReliableProvisional:
            caller.reliability = behaviour == .reliableProvisional ? .supported : .required
            answering.provisionals = [
                ScriptedProvisional(after: generator.milliseconds(5...300), status: 183, hasMedia: true, isReliable: true),
                ScriptedProvisional(after: generator.milliseconds(400...900), status: 180, isReliable: true),
            ]
            caller.inDialog = [TimedAction(after: talk, .bye)]
        case .lateOffer:
            caller.isLateOffer = true
            caller.inDialog = [TimedAction(after: talk, .bye)]
        case .busy: callees = (0..<4).map { _ in .refusing([486, 486, 600].randomly(&generator), &generator) }
        case .declined: callees = [.refusing(603, &generator)]
        case .nextGatewayAfterFailure:
            callees = (0..<1 + generator.below(3)).map { _ in .refusing([503, 500, 480, 404].randomly(&generator), &generator) }
            caller.inDialog = [TimedAction(after: talk, .bye)]
        case .nextGatewayAfterSilence:
            callees = [.dead]
            caller.inDialog = [TimedAction(after: talk, .bye)]
        case .redirected: callees = (0..<4).map { _ in .refusing(302, &generator) }
        case .nobodyAnswers: callees = (0..<4).map { _ in generator.chance(0.5) ? .dead : .ringingForEver(&generator) }
        case .cancelledWhileRinging:
            answering.provisionals = [ScriptedProvisional(after: .milliseconds(20), status: 180)]
            answering.finals = [ScriptedFinal(after: .seconds(30), status: 200)]
            caller.cancelsAfter = generator.milliseconds(500...5_000)
        case .cancelledAtAnyMoment:
            // Around the answer, so that CANCEL and 200 cross.
            let answer = answering.finals[0].after
            caller.cancelsAfter = max(.zero, answer + generator.milliseconds(-150...150))
            caller.inDialog = [TimedAction(after: talk, .bye)]
        case .answeredDespiteCancel:
            answering.finals = [ScriptedFinal(after: .seconds(30), status: 200)]
            answering.onCancel = .answersAnyway
            caller.cancelsAfter = generator.milliseconds(0...4_000)
        case .neverEndsAfterCancel:
            answering.finals = []
            answering.onCancel = .staysSilent
            answering.provisionals.append(ScriptedProvisional(after: .milliseconds(6_000), status: 180))
            caller.cancelsAfter = generator.milliseconds(100...4_000)
        case .acknowledgementMissing: caller.acknowledges = .never
        case .acknowledgementLate:
            caller.acknowledges = .afterIgnoring(1 + generator.below(3))
            caller.inDialog = [TimedAction(after: talk + .seconds(12), .bye)]
        case .reinvitedByCaller:
            caller.inDialog = [
                TimedAction(after: generator.milliseconds(50...2_000), .reinvite(holds: true)),
                TimedAction(after: .milliseconds(4_000), .reinvite(holds: false)), TimedAction(after: talk + .seconds(1), .bye),
            ]
        case .reinvitedByCallee:
            answering.inDialog = [TimedAction(after: generator.milliseconds(0...2_000), .reinvite(holds: true))]
            caller.inDialog = [TimedAction(after: talk, .bye)]
        case .reinvitedByBoth:
            let when = generator.milliseconds(300...1_000)
            caller.inDialog = [TimedAction(after: when, .reinvite(holds: true)), TimedAction(after: talk + .seconds(2), .bye)]
            answering.inDialog = [TimedAction(after: when + generator.milliseconds(-80...20), .reinvite(holds: false))]
        case .updated:
            caller.inDialog = [TimedAction(after: generator.milliseconds(100...1_000), .update), TimedAction(after: talk, .bye)]
            answering.inDialog = [TimedAction(after: generator.milliseconds(100...1_000), .update)]
        case .requestsInDialog:
            caller.inDialog = [TimedAction(after: talk, .bye)]
            for action in [DialogAction.info, .options, .message] {
                caller.inDialog.append(TimedAction(after: generator.milliseconds(10...3_000), action))
                answering.inDialog.append(TimedAction(after: generator.milliseconds(10...3_000), action))
            }
        case .staleSequenceNumber:
            caller.inDialog = [
                TimedAction(after: .milliseconds(200), .info), TimedAction(after: .milliseconds(600), .staleInfo), TimedAction(after: talk, .bye),
            ]
        case .referred: caller.inDialog = [TimedAction(after: generator.milliseconds(50...1_000), .refer), TimedAction(after: talk, .bye)]
        case .forkedProvisionals, .forkedAnswers:
            answering.provisionals = [
                ScriptedProvisional(after: generator.milliseconds(5...200), status: 180),
                ScriptedProvisional(after: generator.milliseconds(5...200), status: 183, hasMedia: true, fork: 1),
            ]
            if behaviour == .forkedAnswers {
                answering.finals.append(
                    ScriptedFinal(after: answering.finals[0].after + generator.milliseconds(0...300), status: 200, fork: 1))
            }
            caller.inDialog = [TimedAction(after: talk, .bye)]
        case .byeUnansweredByCaller:
            caller.answersBye = false
            answering.inDialog = [TimedAction(after: talk, .bye)]
        case .byeUnansweredByCallee:
            answering.answersBye = false
            caller.inDialog = [TimedAction(after: talk, .bye)]
        case .refreshedByCaller, .refreshedBySwitch, .refreshedByCallee, .refreshedOnBothLegs, .refresherStops, .refreshesIgnored,
            .refreshesRefused, .refreshUnknown, .refreshMeets, .intervalTooSmall, .intervalRaised, .partyDies, .partyLosesDialog,
            .byeAfterEnd, .byeForged, .reachesLimit:
            planSession(&answering, talk: talk, &generator)
        }
        switch behaviour {
        case .busy, .declined, .redirected, .nobodyAnswers: break
        default: callees.append(answering)
        }
    }

    // MARK: - Long calls

    /// Calls that live by their sessions, end at a limit, or are left by a party.
    private mutating func planSession(_ answering: inout CalleeScript, talk: Interval, _ generator: inout SeededGenerator) {
        let long = generator.milliseconds(40_000...220_000)
        let isCaller = generator.chance(0.5)
        func ends(_ actions: TimedAction..., by callerEnds: Bool) {
            if callerEnds { caller.inDialog += actions } else { answering.inDialog += actions }
        }
        switch behaviour {
        case .refreshedByCaller: caller.session = .known(&generator, by: .uac)
        case .refreshedBySwitch:
            caller.session = .known(&generator, by: .uas)
            if generator.chance(0.5) { answering.session = .known(&generator, by: .uac) }
        case .refreshedByCallee: answering.session = .known(&generator, by: .uas)
        case .refreshedOnBothLegs:
            caller.session = .known(&generator, by: .uac)
            answering.session = .known(&generator, by: .uas)
        case .refresherStops:
            caller.session = .known(&generator, by: isCaller ? .uac : .uas)
            if isCaller { caller.session.stopsAfter = generator.below(3) }
            answering.session = .known(&generator, by: isCaller ? .uac : .uas)
            if !isCaller { answering.session.stopsAfter = generator.below(3) }
        case .refreshesIgnored, .refreshesRefused, .refreshUnknown, .refreshMeets:
            let refusals: [Int] =
                switch behaviour {
                case .refreshesIgnored: [0]
                case .refreshUnknown: [481]
                case .refreshMeets: [491, 491]
                default: generator.chance(0.5) ? [422, 422] : Array(repeating: [500, 503, 488].randomly(&generator), count: 40)
                }
            if isCaller {
                caller.session = .known(&generator, by: .uas)
                caller.session.refusals = refusals
            } else {
                answering.session = .known(&generator, by: .uac)
                answering.session.refusals = refusals
            }
        case .intervalTooSmall:
            caller.session = .known(&generator, by: .uac)
            caller.session.interval = 60
        case .intervalRaised:
            answering.session = .known(&generator, by: generator.chance(0.5) ? .uac : .uas)
            answering.session.interval = 900
            answering.session.minSE = 700
        case .partyDies, .partyLosesDialog:
            if generator.chance(0.5) { caller.session = .random(&generator) }
            if generator.chance(0.5) { answering.session = .random(&generator) }
            let leaving: DialogAction = behaviour == .partyDies ? .dieSilently : .loseDialog
            ends(TimedAction(after: generator.milliseconds(50...90_000), leaving), by: isCaller)
            if generator.chance(0.3) { ends(TimedAction(after: long, .bye), by: !isCaller) }
            return
        case .byeAfterEnd:
            caller.lateBye = generator.milliseconds(1...20_000)
            answering.lateBye = generator.milliseconds(1...20_000)
            ends(TimedAction(after: talk, .bye), by: isCaller)
            return
        case .byeForged:
            for _ in 0..<3 {
                let forgery: PeerForgery = generator.chance(0.5) ? .fromTag : .toTag
                ends(TimedAction(after: generator.milliseconds(20...30_000), .forgedBye(forgery)), by: generator.chance(0.5))
            }
        case .reachesLimit:
            if generator.chance(0.4) { caller.session = .known(&generator, by: generator.chance(0.5) ? .uac : .uas) }
            return
        default: break
        }
        ends(TimedAction(after: long, .bye), by: isCaller)
    }
}

extension SessionScript {
    /// A party that knows the extension.
    static func known(_ generator: inout SeededGenerator, by refresher: Refresher) -> SessionScript {
        var script = SessionScript()
        script.interval = generator.element(of: [90, 100, 180])
        script.refresher = refresher
        script.allowsUpdate = generator.chance(0.5)
        script.refreshesByInvite = generator.chance(0.4)
        return script
    }

    static func random(_ generator: inout SeededGenerator) -> SessionScript {
        var script = SessionScript.known(&generator, by: generator.chance(0.5) ? .uac : .uas)
        if generator.chance(0.2) { script.refresher = nil }
        return script
    }
}

extension CalleeScript {
    static func answering(_ generator: inout SeededGenerator) -> CalleeScript {
        var script = CalleeScript()
        script.sendsTrying = generator.chance(0.7)
        if generator.chance(0.8) {
            script.provisionals = [ScriptedProvisional(after: generator.milliseconds(5...400), status: 180)]
        }
        script.finals = [ScriptedFinal(after: generator.milliseconds(450...3_500), status: 200)]
        return script
    }

    static func refusing(_ status: Int, _ generator: inout SeededGenerator) -> CalleeScript {
        var script = CalleeScript()
        script.sendsTrying = generator.chance(0.5)
        script.finals = [ScriptedFinal(after: generator.milliseconds(2...900), status: status)]
        return script
    }

    static var dead: CalleeScript {
        var script = CalleeScript()
        script.isDead = true
        return script
    }

    static func ringingForEver(_ generator: inout SeededGenerator) -> CalleeScript {
        var script = CalleeScript()
        let media = generator.chance(0.5)
        script.provisionals = [ScriptedProvisional(after: generator.milliseconds(5...500), status: media ? 183 : 180, hasMedia: media)]
        return script
    }
}

extension Array {
    fileprivate func randomly(_ generator: inout SeededGenerator) -> Element { generator.element(of: self) }
}
