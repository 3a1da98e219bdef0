import SIPMessages
import Vocabulary

/// A URI, or two with a line feed between them that are compared.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let bytes = input(data, count)
    _ = NetworkAddress(parsing: bytes)
    let split = bytes.firstIndex(of: 0x0A)
    guard let uri = read(bytes.upTo(split ?? bytes.count)) else { return 0 }
    if let split, let other = read(bytes.from(split + 1)) {
        precondition(uri.isEquivalent(to: other) == other.isEquivalent(to: uri), "comparison depends on the order")
    }
    return 0
}

private func read(_ text: Bytes) -> URI? {
    guard let uri = URI(text) else { return nil }
    for part in [uri.user, uri.password, uri.host, uri.parameters, uri.headers] { requireInside(text, part) }
    if let address = uri.address { precondition(NetworkAddress(address.description) == address, "an address does not survive") }
    _ = (uri.transport, uri.parameter("maddr"))
    return uri
}
