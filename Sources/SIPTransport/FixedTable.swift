/// A table of values that stay where they are, made once: what an array cannot hold because the
/// values cannot be copied. Access is bounds-checked.
struct FixedTable<Element: ~Copyable>: ~Copyable {
    private let memory: UnsafeMutablePointer<Element>
    let count: Int

    /// Makes the values in order; when one cannot be made, those before it are destroyed.
    init<Failure: Error>(count: Int, _ make: (Int) throws(Failure) -> Element) throws(Failure) {
        let memory = UnsafeMutablePointer<Element>.allocate(capacity: max(1, count))
        for index in 0..<count {
            do throws(Failure) {
                (memory + index).initialize(to: try make(index))
            } catch {
                memory.deinitialize(count: index)
                memory.deallocate()
                throw error
            }
        }
        self.memory = memory
        self.count = count
    }

    deinit {
        memory.deinitialize(count: count)
        memory.deallocate()
    }

    subscript(index: Int) -> Element {
        _read {
            precondition(index >= 0 && index < count, "FixedTable index out of range")
            yield memory[index]
        }
        _modify {
            precondition(index >= 0 && index < count, "FixedTable index out of range")
            yield &memory[index]
        }
    }
}
