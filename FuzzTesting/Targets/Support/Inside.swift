import Vocabulary

/// Traps when a view that a parser gave out leaves the bytes that it was given.
func requireInside(_ whole: Bytes, _ part: Bytes) {
    precondition(part.isEmpty || part.base >= whole.base && part.base + part.count <= whole.base + whole.count, "a view left its buffer")
}

/// The fuzzer's input as a view.
func input(_ data: UnsafePointer<UInt8>, _ count: Int) -> Bytes { Bytes(UnsafeRawBufferPointer(start: data, count: count)) }
