/// A value of an operator's parameter.
public enum ParameterValue: Hashable, Sendable {
    case flag(Bool)
    case integer(Int)
    /// One of the definition's options, spelt as listed there.
    case option(String)
    /// Waiting times in order, e.g. `SS_SIP_RESEND_INTERVAL`.
    case intervals([Interval])
    case text(String)
    /// "None": the limit or feature is absent.
    case none
}

/// What an operator can set, by its public name. It stands beside the code that it steers; the
/// catalogue gathers all of them for the console, the API, the command line and files.
public struct ParameterDefinition: Sendable {
    public enum Form: Sendable, Hashable {
        case flag
        /// A whole number within a range; `noneAllowed` when "None" is a value too.
        case integer(ClosedRange<Int>, noneAllowed: Bool)
        case option([String])
        /// A whole number within a range, or the one word (e.g. "Auto").
        case integerOrOption(ClosedRange<Int>, option: String)
        /// A rising list of seconds, each within the range, at most `count` of them.
        case intervals(each: ClosedRange<Double>, count: ClosedRange<Int>)
        case text(maximumLength: Int)
    }

    public enum Group: String, Sendable, CaseIterable {
        case sip = "SIP parameter"
        case system = "System parameter"
        case server = "Server parameter"
    }

    /// How sure the default and meaning are (see the parameter reference).
    public enum Confidence: String, Sendable {
        /// Stated by the guides or the vendor.
        case documented
        /// Ours, from the RFC or from practice, where no source could be read.
        case ours
    }

    /// What a change reaches.
    public enum Effect: String, Sendable {
        case newCalls = "calls that begin afterwards"
        case newTransactions = "requests sent afterwards"
        case nextMessage = "the next message"
        case nextRegistration = "the next registration or refresh"
        case nextStop = "the next stop"
    }

    public var name: String
    public var aliases: [String]
    public var group: Group
    public var form: Form
    public var defaultValue: ParameterValue
    /// Unit of an integer, e.g. "s"; empty when it has none.
    public var unit: String
    public var meaning: String
    public var effect: Effect
    public var related: [String]
    /// Recommended values by type of deployment: (value, what it is for).
    public var presets: [(value: ParameterValue, purpose: String)]
    public var confidence: Confidence
    /// What the value amounts to once related settings are taken into account; nil where it is the value
    /// itself. It is given the values of all parameters, defaults filled in, so related ones are found by name.
    public var effectiveValue: (@Sendable (ParameterValues) -> EffectiveValue?)?

    public init(
        _ name: String, aliases: [String] = [], group: Group = .sip, form: Form, default defaultValue: ParameterValue,
        unit: String = "", meaning: String, effect: Effect, related: [String] = [],
        presets: [(value: ParameterValue, purpose: String)] = [], confidence: Confidence = .documented,
        effectiveValue: (@Sendable (ParameterValues) -> EffectiveValue?)? = nil
    ) {
        self.name = name
        self.aliases = aliases
        self.group = group
        self.form = form
        self.defaultValue = defaultValue
        self.unit = unit
        self.meaning = meaning
        self.effect = effect
        self.related = related
        self.presets = presets
        self.confidence = confidence
        self.effectiveValue = effectiveValue
    }
}

/// What a parameter amounts to once related settings are taken into account, for people.
public struct EffectiveValue: Sendable, Hashable {
    /// Such as "60 s, then doubled up to 600 s".
    public var text: String
    /// The sentence that says why.
    public var reason: String

    public init(_ text: String, reason: String) {
        self.text = text
        self.reason = reason
    }
}

/// The values in force, by public name; a name without a value has its definition's default.
public struct ParameterValues: Sendable {
    public var values: [String: ParameterValue]

    public init(_ values: [String: ParameterValue] = [:]) { self.values = values }

    public subscript(definition: ParameterDefinition) -> ParameterValue {
        values[definition.name] ?? definition.defaultValue
    }

    /// The value of a flag; the definition's form must be `.flag`.
    public func flag(_ definition: ParameterDefinition) -> Bool {
        if case .flag(let value) = self[definition] { return value }
        preconditionFailure("\(definition.name) is not a flag")
    }

    /// The value of an integer, nil for "None".
    public func integer(_ definition: ParameterDefinition) -> Int? {
        switch self[definition] {
        case .integer(let value): return value
        case .none: return nil
        default: preconditionFailure("\(definition.name) is not an integer")
        }
    }

    public func intervals(_ definition: ParameterDefinition) -> [Interval] {
        if case .intervals(let value) = self[definition] { return value }
        preconditionFailure("\(definition.name) is not a list of intervals")
    }
}
