import Vocabulary

// What holds for a call by the gateway or phone on either side of it, read one by one so that nothing is copied.

extension SwitchConfiguration {
    // MARK: - The caller's side

    public func name(of origin: CallOrigin) -> String {
        switch origin {
        case .mappingGateway(let index): mappingGateways[index].name
        case .phone(let index): phones[index].name
        }
    }

    /// `maximumSetupTime` in seconds.
    public func maximumSetupTime(of origin: CallOrigin?) -> Int? {
        if case .mappingGateway(let index) = origin { mappingGateways[index].maximumSetupTime } else { nil }
    }

    /// The code that the caller sees for a failure.
    public func failureCode(_ status: Int, for origin: CallOrigin?) -> Int {
        if case .mappingGateway(let index) = origin { mappingGateways[index].failureCodes.replacement(of: status) } else { status }
    }

    /// The code by which switching is decided: the replaced one where the caller's gateway says so.
    public func switchingCode(_ status: Int, for origin: CallOrigin?) -> Int {
        guard case .mappingGateway(let index) = origin, mappingGateways[index].failureCodes.decidesSwitching else { return status }
        return mappingGateways[index].failureCodes.replacement(of: status)
    }

    public func followsRedirects(_ origin: CallOrigin?) -> Bool {
        if case .mappingGateway(let index) = origin { mappingGateways[index].followRedirects } else { false }
    }

    public func recognisesForwarding(_ origin: CallOrigin?) -> Bool {
        if case .mappingGateway(let index) = origin, let own = mappingGateways[index].recognisesForwarding { return own }
        return switchingSettings.recognisesForwarding
    }

    public func ringback(of origin: CallOrigin?) -> Ringback {
        switch origin {
        case .mappingGateway(let index): mappingGateways[index].ringback
        case .phone(let index): phones[index].ringback
        case nil: .passThrough
        }
    }

    /// Whether P-Asserted-Identity of this side is believed (RFC 3325, section 5). A phone is not.
    public func isTrusted(_ origin: CallOrigin?) -> Bool {
        if case .mappingGateway(let index) = origin { mappingGateways[index].isTrusted } else { false }
    }

    public func allowsSessionTimer(_ origin: CallOrigin?) -> Bool {
        switch origin {
        case .mappingGateway(let index): mappingGateways[index].sessionTimer
        case .phone(let index): phones[index].sessionTimer
        case nil: true
        }
    }

    /// Seconds; nil: no limit of its own.
    public func maximumDuration(of origin: CallOrigin?) -> Int? {
        switch origin {
        case .mappingGateway(let index): mappingGateways[index].maximumDuration
        case .phone(let index): phones[index].maximumDuration
        case nil: nil
        }
    }

    public func probeInterval(of origin: CallOrigin?) -> Int? {
        switch origin {
        case .mappingGateway(let index): mappingGateways[index].probeInterval
        case .phone(let index): phones[index].probeInterval
        case nil: nil
        }
    }

    /// A phone's requests go to where it was heard: its Contact may lie behind an address translator.
    public func requestAddress(of origin: CallOrigin?) -> RequestAddress {
        switch origin {
        case .mappingGateway(let index): mappingGateways[index].requestAddress
        case .phone: .source
        case nil: .contact
        }
    }

    // MARK: - The callee's side

    public func name(of destination: CallDestination) -> String {
        switch destination {
        case .routingGateway(let index): routingGateways[index].name
        case .phone(let index): phones[index].name
        }
    }

    public func allowsSessionTimer(_ destination: CallDestination?) -> Bool {
        switch destination {
        case .routingGateway(let index): routingGateways[index].sessionTimer
        case .phone(let index): phones[index].sessionTimer
        case nil: true
        }
    }

    /// Seconds; nil: no limit of its own.
    public func maximumDuration(of destination: CallDestination?) -> Int? {
        switch destination {
        case .routingGateway(let index): routingGateways[index].maximumDuration
        case .phone(let index): phones[index].maximumDuration
        case nil: nil
        }
    }

    public func probeInterval(of destination: CallDestination?) -> Int? {
        switch destination {
        case .routingGateway(let index): routingGateways[index].probeInterval
        case .phone(let index): phones[index].probeInterval
        case nil: nil
        }
    }

    public func requestAddress(of destination: CallDestination?) -> RequestAddress {
        switch destination {
        case .routingGateway(let index): routingGateways[index].requestAddress
        case .phone: .source
        case nil: .contact
        }
    }

    /// Name of the registration through which the calls of a routing gateway go.
    public func registration(of destination: CallDestination?) -> String? {
        if case .routingGateway(let index) = destination { routingGateways[index].registration } else { nil }
    }

    /// The rule after which no other gateway is tried, when this destination failed with a final status (0: none came).
    public func switchStop(after status: Int, _ signs: SwitchingSettings.Signs, at destination: CallDestination?) -> SwitchStop? {
        if case .routingGateway(let index) = destination {
            return switchingSettings.stop(after: status, signs, at: routingGateways[index].switching)
        }
        return switchingSettings.stop(after: status, signs, at: SwitchingRules())
    }

    /// The staged timers of its own; nil or 0 in one: the system's value.
    public func setupTimeouts(of destination: CallDestination?) -> SetupTimeouts {
        if case .routingGateway(let index) = destination { routingGateways[index].timeouts } else { SetupTimeouts() }
    }
}
