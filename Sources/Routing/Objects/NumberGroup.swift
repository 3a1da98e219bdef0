/// A list of whole numbers: black or white list of a gateway, caller number pool, or (by the reserved
/// name `NumberGroup.systemWhiteList`) numbers that pass every blocking check.
public struct NumberGroup: Sendable, Hashable {
    public static let systemWhiteList = "system-white-list"

    public var name: String
    public var memo = ""
    public var numbers: [String] = []

    public init(name: String, numbers: [String] = []) {
        self.name = name
        self.numbers = numbers
    }
}
