import Glibc

// Small measurements of single parts, one JSON line each: `tandem-bench parse`.

let benches: [(name: String, run: () -> Void)] = [
    ("parse", ParseBench.run), ("call", CallBench.run),
]

let wanted = CommandLine.arguments.dropFirst()
if let unknown = wanted.first(where: { name in !benches.contains { $0.name == name } }) {
    print("no bench named \(unknown); there are: \(benches.map(\.name).joined(separator: ", "))")
    exit(2)
}
for bench in benches where wanted.isEmpty || wanted.contains(bench.name) { bench.run() }
