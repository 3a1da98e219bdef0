import Vocabulary

/// Why an answer does not fit its offer (RFC 3264, section 6); `media` counts from 0.
public enum AnswerMismatch: Hashable, Sendable {
    /// An answer has exactly as many `m=` lines as its offer.
    case mediaCount(offered: Int, answered: Int)
    case mediaType(media: Int)
    case transport(media: Int)
    /// A stream that the offer had disabled is accepted.
    case acceptedDisabledMedia(media: Int)
    /// None of the answered formats was offered.
    case noCommonFormat(media: Int)
    /// The answer sends or receives where the offer does not allow it.
    case direction(media: Int)
}

extension SessionDescription {
    /// The first reason why this answer does not fit `offer`; nil when it does.
    ///
    /// Formats that were not offered may stand beside common ones (RFC 3264, section 6.1).
    public func mismatch(asAnswerTo offer: SessionDescription) -> AnswerMismatch? {
        guard mediaCount == offer.mediaCount else { return .mediaCount(offered: offer.mediaCount, answered: mediaCount) }
        var answers = media
        var offers = offer.media
        while let answer = answers.next(), let offered = offers.next() {
            if let mismatch = answer.mismatch(asAnswerTo: offered) { return mismatch }
        }
        return nil
    }
}

extension MediaDescription {
    func mismatch(asAnswerTo offer: MediaDescription) -> AnswerMismatch? {
        guard type.equals(offer.type) else { return .mediaType(media: index) }
        // A rejected stream's other fields say nothing.
        if isRejected { return nil }
        guard !offer.isRejected else { return .acceptedDisabledMedia(media: index) }
        guard transport.equalsIgnoringCase(offer.transport) else { return .transport(media: index) }
        guard hasFormatInCommon(with: offer) else { return .noCommonFormat(media: index) }
        // A peer that holds by 0.0.0.0 states no direction, so only what is written counts.
        guard direction.mayAnswer(offer.direction) else { return .direction(media: index) }
        return nil
    }

    private func hasFormatInCommon(with other: MediaDescription) -> Bool {
        var list = formatList
        while let format = list.next() { if other.offers(format, of: self) { return true } }
        return false
    }

    /// Whether every format of this section stands in the other one too.
    public func formatsAreSubset(of other: MediaDescription) -> Bool {
        var list = formatList
        while let format = list.next() { if !other.offers(format, of: self) { return false } }
        return true
    }
}
