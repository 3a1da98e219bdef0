import SIPMessages
import Vocabulary

/// A header field's value.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    readHeaderValue(input(data, count))
    return 0
}
