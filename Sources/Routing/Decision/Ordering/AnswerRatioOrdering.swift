/// The higher answer-seizure ratio first, in whole percent, so that gateways that answer alike share by load.
/// One of which too little is known goes first: it gets the calls by which it is judged.
enum AnswerRatioOrdering: OrderingStrategy {
    static func key(_ facts: OrderingFacts) -> UInt64 { facts.answerRatio.map { 101 - UInt64(min($0, 100)) } ?? 0 }
}
