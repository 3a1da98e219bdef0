/// The forms in which a trace is asked for.
public enum TraceFormat: String, CaseIterable, Sendable {
    /// Every message with its text.
    case json
    /// A column for every address, an arrow for every message.
    case ladder
    /// A capture file.
    case pcap
}
