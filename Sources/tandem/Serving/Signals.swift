import Dispatch
import Foundation

/// The signals that steer the process, as a sequence.
enum Signals {
    /// Yields the number of each signal of the list from now on; their usual effect is switched off.
    static func watch(_ numbers: [Int32]) -> AsyncStream<Int32> {
        AsyncStream { continuation in
            let sources = numbers.map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { continuation.yield(number) }
                source.resume()
                return Watched(source: source)
            }
            continuation.onTermination = { _ in sources.forEach { $0.source.cancel() } }
        }
    }

    /// Gives the signals of the list their usual effect again.
    static func leave(_ numbers: [Int32]) { for number in numbers { signal(number, SIG_DFL) } }

    /// A dispatch source is safe to use from any thread; Foundation on Linux does not say so in its type.
    private struct Watched: @unchecked Sendable {
        let source: any DispatchSourceSignal
    }
}
