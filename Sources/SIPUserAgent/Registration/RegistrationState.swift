import Vocabulary

/// Where a registration stands.
public enum RegistrationState: Equatable, Sendable {
    /// Can transition to: waitingToStart.
    case disabled
    /// Can transition to: resolving, registering, withdrawing, withdrawn.
    case waitingToStart(at: Instant)
    /// The proxy's name is being looked up. Can transition to: registering, waitingToRetry, withdrawing, withdrawn.
    case resolving
    /// Can transition to: registered, resolving, waitingToRetry, credentialsRefused, withdrawing.
    case registering
    /// Can transition to: refreshing, withdrawing, registering.
    case registered(refreshAt: Instant)
    /// Can transition to: registered, resolving, waitingToRetry, credentialsRefused, withdrawing.
    case refreshing
    /// Can transition to: resolving, registering, refreshing, withdrawing, withdrawn.
    case waitingToRetry(at: Instant)
    /// Can transition to: resolving, registering, refreshing, withdrawing, withdrawn.
    case credentialsRefused(nextTryAt: Instant)
    /// Can transition to: withdrawn, withdrawalFailed.
    case withdrawing
    /// Can transition to: waitingToStart.
    case withdrawn
    /// `nextTryAt` is `.never` when the process stops. Can transition to: withdrawing, withdrawn, waitingToStart.
    case withdrawalFailed(nextTryAt: Instant)
}

/// What a registration asks of its shard.
public enum RegistrationAction: Equatable, Sendable {
    /// Look the name up; `resolved` takes the answer.
    case resolve(NextHop)
    /// Write a REGISTER with `writeRequest` and send it there; `cannotSend` when no listener fits.
    case send(Target)
    /// Keep `identity` and `binding` on disk.
    case store
    /// The same, and send when it is committed: nothing may stand upstream that the disk does not know.
    case storeThenSend(Target)
    /// The state is another than before.
    case changed
    /// Nothing is left to do and nothing to keep: the object is gone.
    case finished
}

/// Why a registration is withdrawn.
public enum WithdrawalCause: Equatable, Sendable {
    /// The process stops: one try.
    case stop
    /// The object was disabled: tried until no binding can stand.
    case disabled
    /// The object was removed, or replaced by one for another account: tried likewise, then `finished`.
    case removed
}
