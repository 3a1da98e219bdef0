import SDP
import Vocabulary

/// A body as an offer, as its own answer, and with another origin.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let bytes = input(data, count)
    guard let session = try? SessionDescription(bytes) else { return 0 }
    requireInside(bytes, session.sessionSection)
    var seen = 0
    var media = session.media
    while let one = media.next() {
        seen += 1
        for part in [one.text, one.formats, one.type, one.transport] { requireInside(bytes, part) }
        _ = (one.address, one.effectiveDirection, one.packetTime, one.bandwidth("AS"))
        var formats = one.formatList
        while let format = formats.next() {
            requireInside(bytes, format)
            _ = (one.rtpMap(of: format)?.clockRate, one.formatParameters(of: format)?.count)
        }
    }
    precondition(seen == session.mediaCount, "media descriptions were lost")
    precondition(session.describesSameSession(as: session), "a session differs from itself")
    _ = (session.mismatch(asAnswerTo: session), session.isOnHold, session.time)

    let rewrite = OriginRewrite(sessionIdentifier: 1, sessionVersion: 2, address: NetworkAddress(ipv4: 0xC000_0201, port: 0))
    var written: [UInt8] = []
    session.write(with: rewrite) { written += $0.array }
    written.withBytes { copy in
        guard let again = try? SessionDescription(copy) else { preconditionFailure("a rewritten description is not read") }
        precondition(again.mediaCount == session.mediaCount && again.origin.address.equals("192.0.2.1"))
    }
    return 0
}
