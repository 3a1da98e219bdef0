/// What becomes of a message after the look at its source.
public enum AdmissionVerdict: Sendable, Hashable {
    /// It is worked on.
    case taken
    /// It is dropped, and counted.
    case refused
    /// Its source has used up its budget; the shard that is named works on it if it belongs to a call of that shard.
    case ifOwn(by: Int)
}
