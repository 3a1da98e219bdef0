import Vocabulary

/// A dial plan made ready for calls: all memory is made once, and shared by the copies of its rules.
///
/// The literal beginnings of the originals form a tree with a child per digit. A search goes down the
/// number as far as the tree does, then looks at the rules on its way back. A literal character takes at
/// most 80 bytes, less where originals begin alike.
final class RewritePlan: Sendable {
    struct Entry {
        var rule: Int32
        /// In `symbols`.
        var pattern: Range<Int32>
        var leading: Int32
        var positions: Int32
        /// In `symbols`, of the first and last `*`; -1 when it has none.
        var firstAny: Int32
        var lastAny: Int32
        var lengths: UInt64
        /// In `targets`.
        var targetRange: Range<Int32>
    }

    struct Target {
        /// In `targetSymbols`.
        var symbols: Range<Int32>
    }

    /// Node with rules whose originals begin with its literals.
    private struct Node {
        /// In `ranked`, best first.
        var rules: Range<Int32>
        /// Nearest node above that has rules; -1 for none.
        var next: Int32
    }

    struct Match {
        var entry: Int
        /// Characters of the number that are replaced.
        var replaced: Int
    }

    /// In order of rank, best first.
    private let entries: [Entry]
    private let symbols: [UInt8]
    private let targets: [Target]
    private let targetSymbols: [UInt8]
    private let nodes: [Node]
    /// Twelve per node, by symbol (digits, `+`, `#`), rounded up to sixteen; 0 for none.
    private let children: [Int32]
    private let ranked: [Int32]

    private static let fanOut = 16

    /// Nil when no rule is usable.
    init?(_ rules: [RewriteRules.Rule]) {
        var usable: [(pattern: RewritePattern, targets: [RewriteTarget], rule: Int)] = []
        for (index, rule) in rules.enumerated() where !rule.targets.isEmpty {
            guard let pattern = try? RewritePattern(parsing: rule.original) else { continue }
            let targets = rule.targets.compactMap { try? RewriteTarget(parsing: $0, for: pattern) }
            if targets.count == rule.targets.count { usable.append((pattern, targets, index)) }
        }
        guard !usable.isEmpty else { return nil }
        usable.sort { a, b in
            if a.pattern.positions != b.pattern.positions { return a.pattern.positions > b.pattern.positions }
            if a.pattern.isTested != b.pattern.isTested { return a.pattern.isTested }
            return a.rule < b.rule
        }

        var entries: [Entry] = []
        var symbols: [UInt8] = []
        var targets: [Target] = []
        var targetSymbols: [UInt8] = []
        for (pattern, itsTargets, rule) in usable {
            let start = symbols.count
            let firstTarget = targets.count
            symbols += pattern.symbols
            for target in itsTargets {
                let start = targetSymbols.count
                targetSymbols += target.symbols
                targets.append(Target(symbols: Int32(start)..<Int32(targetSymbols.count)))
            }
            let place = { (index: Int?) in index.map { Int32(start + $0) } ?? -1 }
            entries.append(
                Entry(
                    rule: Int32(rule), pattern: Int32(start)..<Int32(symbols.count), leading: Int32(pattern.leading),
                    positions: Int32(pattern.positions), firstAny: place(pattern.symbols.firstIndex(of: RewritePattern.any)),
                    lastAny: place(pattern.symbols.lastIndex(of: RewritePattern.any)), lengths: pattern.lengths,
                    targetRange: Int32(firstTarget)..<Int32(targets.count)))
        }
        self.entries = entries
        self.symbols = symbols
        self.targets = targets
        self.targetSymbols = targetSymbols

        var children = [Int32](repeating: 0, count: Self.fanOut)
        var rulesByNode: [[Int32]] = [[]]
        var parents: [Int32] = [-1]
        for (rank, entry) in entries.enumerated() {
            var node = 0
            for symbol in symbols[Int(entry.pattern.lowerBound)..<Int(entry.pattern.lowerBound + entry.leading)] {
                let place = node * Self.fanOut + Int(PackedNumber.nibble(symbol))
                if children[place] == 0 {
                    children[place] = Int32(rulesByNode.count)
                    children += [Int32](repeating: 0, count: Self.fanOut)
                    rulesByNode.append([])
                    parents.append(Int32(node))
                }
                node = Int(children[place])
            }
            rulesByNode[node].append(Int32(rank))
        }
        self.children = children
        var nodes: [Node] = []
        var ranked: [Int32] = []
        for (node, itsRules) in rulesByNode.enumerated() {
            // A parent stands before its children, so its own link is known.
            let parent = Int(parents[node])
            let next = parent < 0 ? -1 : nodes[parent].rules.isEmpty ? nodes[parent].next : Int32(parent)
            nodes.append(Node(rules: Int32(ranked.count)..<Int32(ranked.count + itsRules.count), next: next))
            ranked += itsRules
        }
        self.nodes = nodes
        self.ranked = ranked
    }

    func rule(of match: Match) -> Int { Int(entries[match.entry].rule) }

    // MARK: Search

    /// The best rule that matches.
    func match(_ number: Bytes) -> Match? {
        var node = 0
        var depth = 0
        while depth < number.count {
            let nibble = PackedNumber.nibble(number[depth])
            guard nibble < Self.fanOut else { break }
            let child = children[node * Self.fanOut + Int(nibble)]
            guard child != 0 else { break }
            node = Int(child)
            depth += 1
        }
        var best = Match(entry: .max, replaced: 0)
        while node >= 0 {
            for place in nodes[node].rules {
                let entry = Int(ranked[Int(place)])
                guard entry < best.entry else { break }
                if let replaced = replaced(entries[entry], number) { best = Match(entry: entry, replaced: replaced) }
            }
            node = Int(nodes[node].next)
        }
        return best.entry == .max ? nil : best
    }

    /// How many characters the entry replaces; nil when it does not match. Its literal beginning is known to match.
    private func replaced(_ entry: Entry, _ number: Bytes) -> Int? {
        guard entry.lengths >> UInt64(min(number.count, 63)) & 1 == 1, number.count >= Int(entry.positions) else { return nil }
        let start = Int(entry.pattern.lowerBound)
        let end = Int(entry.pattern.upperBound)
        let matched: Int
        if entry.firstAny < 0 {
            guard fits(start + Int(entry.leading)..<end, number, at: Int(entry.leading)) else { return nil }
            matched = end - start
        } else {
            guard let far = reach(entry, number) else { return nil }
            matched = far
        }
        return fitsResult(entry, kept: number.count - matched) ? matched : nil
    }

    /// Where an original with `*` ends in the number, as far as it can.
    private func reach(_ entry: Entry, _ number: Bytes) -> Int? {
        let start = Int(entry.pattern.lowerBound)
        let firstAny = Int(entry.firstAny)
        let lastAny = Int(entry.lastAny)
        guard fits(start + Int(entry.leading)..<firstAny, number, at: Int(entry.leading)) else { return nil }
        var position = firstAny - start
        // Runs between two * as early as they fit, so that the last one has the most room.
        var segment = firstAny + 1
        while segment <= lastAny {
            var segmentEnd = segment
            while symbols[segmentEnd] != RewritePattern.any { segmentEnd += 1 }
            while !fits(segment..<segmentEnd, number, at: position) {
                position += 1
                guard position + segmentEnd - segment <= number.count else { return nil }
            }
            position += segmentEnd - segment
            segment = segmentEnd + 1
        }
        let last = lastAny + 1..<Int(entry.pattern.upperBound)
        guard !last.isEmpty else { return number.count }
        var place = number.count - last.count
        while place >= position {
            if fits(last, number, at: place) { return place + last.count }
            place -= 1
        }
        return nil
    }

    /// Whether literals and `?` of `range` stand in the number at `position`.
    @inline(__always)
    private func fits(_ range: Range<Int>, _ number: Bytes, at position: Int) -> Bool {
        guard position + range.count <= number.count else { return false }
        var position = position
        for i in range {
            let symbol = symbols[i]
            guard symbol == RewritePattern.digit ? number[position].isDigit : symbol == number[position] else { return false }
            position += 1
        }
        return true
    }

    /// Whether every target leaves the number within the longest.
    private func fitsResult(_ entry: Entry, kept: Int) -> Bool {
        for target in entry.targetRange where kept + targets[Int(target)].symbols.count > RewriteRules.longestNumber { return false }
        return true
    }

    // MARK: Result

    func write(_ match: Match, _ number: Bytes, random: inout NumberRandom, into result: inout [UInt8]) {
        let range = entries[match.entry].targetRange
        let chosen = Int(range.lowerBound) + (range.count == 1 ? 0 : random.below(range.count))
        for (position, place) in targets[chosen].symbols.enumerated() {
            switch targetSymbols[Int(place)] {
            case RewriteTarget.random: result.append(0x30 + UInt8(random.below(10)))
            case RewriteTarget.keep: result.append(number[position])
            case let literal: result.append(literal)
            }
        }
        result.append(contentsOf: number.from(match.replaced).buffer)
    }
}
