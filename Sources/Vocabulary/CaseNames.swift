/// The names of an enum's cases by their raw values, made once. Interpolating a case asks the runtime for its name by
/// reflection, which costs more than writing a whole header field.
public struct CaseNames<Case: CaseIterable & RawRepresentable>: Sendable where Case.RawValue: BinaryInteger {
    private let names: [String]

    public init() {
        var names: [String] = []
        for element in Case.allCases {
            let index = Int(element.rawValue)
            while names.count <= index { names.append("") }
            names[index] = "\(element)"
        }
        self.names = names
    }

    public subscript(_ element: Case) -> String { names[Int(element.rawValue)] }
}
