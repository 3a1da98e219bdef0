/// The order in which the servers of one service are tried (RFC 2782): by priority, and within a
/// priority by chance, so that over many draws each server is first as often as its weight says.
enum ServerOrder {
    static func arrange<G: RandomNumberGenerator>(_ records: [SRVRecord], using generator: inout G) -> [SRVRecord] {
        Dictionary(grouping: records, by: \.priority).sorted { $0.key < $1.key }.flatMap { draw($0.value, using: &generator) }
    }

    /// The RFC's algorithm: servers of weight 0 stand first, a number is drawn between 0 and the sum of the
    /// weights, and the first server whose running sum reaches it is taken; then the same with the rest.
    /// The RFC leaves open how the list is arranged before; by chance, so that equal servers share alike.
    private static func draw<G: RandomNumberGenerator>(_ records: [SRVRecord], using generator: inout G) -> [SRVRecord] {
        var rest = records.shuffled(using: &generator)
        rest = rest.filter { $0.weight == 0 } + rest.filter { $0.weight > 0 }
        var order: [SRVRecord] = []
        while !rest.isEmpty {
            let drawn = Int.random(in: 0...rest.reduce(0) { $0 + Int($1.weight) }, using: &generator)
            var sum = 0
            let chosen = rest.firstIndex {
                sum += Int($0.weight)
                return sum >= drawn
            }
            order.append(rest.remove(at: chosen ?? 0))
        }
        return order
    }
}
