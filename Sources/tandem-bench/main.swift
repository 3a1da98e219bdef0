import Glibc

// Small measurements of single parts, one JSON line each: `tandem-bench [NAME...]`.

/// Prints one measurement.
func report(_ name: String, _ value: Double, _ unit: String) {
    print("{\"name\":\"\(name)\",\"value\":\(ParseBench.rounded(value)),\"unit\":\"\(unit)\"}")
}

let benches: [(name: String, run: () -> Void)] = [
    ("parse", ParseBench.run), ("call", CallBench.run), ("route", RouteBench.run), ("admission", AdmissionBench.run),
]

let wanted = CommandLine.arguments.dropFirst()
if let unknown = wanted.first(where: { name in !benches.contains { $0.name == name } }) {
    print("no bench named \(unknown); there are: \(benches.map(\.name).joined(separator: ", "))")
    exit(2)
}
for bench in benches where wanted.isEmpty || wanted.contains(bench.name) { bench.run() }
