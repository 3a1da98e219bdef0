/// Finds the known word that somebody probably meant.
public enum Suggestion {
    /// The nearest candidate, when it is near enough to be worth naming: at most one wrong letter in
    /// three, at most `most`. Case and underscores do not count.
    public static func nearest(to word: String, among candidates: [String], atMost most: Int = 4) -> String? {
        let wanted = simplified(word)
        let bound = min(most, max(1, wanted.count / 3))
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let distance = distance(wanted, simplified(candidate))
            guard distance <= bound, distance < best?.distance ?? .max else { continue }
            best = (candidate, distance)
        }
        return best?.candidate
    }

    /// A remedy sentence: the nearest candidate, or else all of them.
    public static func remedy(for word: String, among candidates: [String]) -> String {
        if let nearest = nearest(to: word, among: candidates) { return "did you mean \"\(nearest)\"?" }
        return "use one of: " + candidates.joined(separator: ", ")
    }

    private static func simplified(_ word: String) -> [UInt8] {
        word.utf8.compactMap { $0 == UInt8(ascii: "_") ? nil : $0.isASCIILetter ? $0 | 0x20 : $0 }
    }

    /// Edits between two words, a swap of neighbours counted as one (optimal string alignment).
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
        guard a.count <= 128, b.count <= 128 else { return .max }
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in 1...a.count {
            var row = [i]
            for j in 1...b.count {
                var edits = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { edits = min(edits, beforeLast[j - 2] + 1) }
                row.append(edits)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
