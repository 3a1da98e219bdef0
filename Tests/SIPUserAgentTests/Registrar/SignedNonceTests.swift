import SIPUserAgent
import Testing
import Vocabulary

/// Nonces that carry their own proof; their use in challenges is tested with `DigestServer`.
@Suite("Signed nonce")
struct SignedNonceTests {
    let signer = NonceSigner(secret: Array("an installation's own secret".utf8))
    let host = NetworkAddress("192.0.2.7:5060")!
    let nonce = SignedNonce(time: WallTime(microseconds: 1_767_225_600_123_456), salt: 0xFEDC_BA98_7654_3210)

    private func text(_ signer: NonceSigner? = nil) -> String { (signer ?? self.signer).withText(nonce, host: host) { $0.string } }

    @Test("a nonce is read back as it was made, from any port of its host and in another process of the installation")
    func roundTrip() {
        #expect(text().utf8.count == SignedNonce.length)
        let other = NonceSigner(secret: Array("an installation's own secret".utf8))
        let elsewhere = NetworkAddress("192.0.2.7:40000")!
        #expect(text().withBytes { other.read($0, host: elsewhere) } == nonce)
    }

    @Test("another host, another secret, and every change of one character make it worthless")
    func forgery() {
        #expect(text().withBytes { signer.read($0, host: NetworkAddress("192.0.2.8:5060")!) } == nil)
        #expect(text().withBytes { signer.read($0, host: NetworkAddress("[2001:db8::7]:5060")!) } == nil)
        #expect(text().withBytes { NonceSigner(secret: Array("another secret".utf8)).read($0, host: host) } == nil)
        let bytes = Array(text().utf8)
        for place in bytes.indices {
            var changed = bytes
            changed[place] = changed[place] == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
            #expect(changed.withBytes { signer.read($0, host: host) } == nil, "at \(place)")
        }
        for other in ["", "0", String(text().dropLast()), text() + "0", String(repeating: "z", count: 52)] {
            #expect(other.withBytes { signer.read($0, host: host) } == nil)
        }
    }

    @Test("a time before 1970 or far away survives")
    func times() {
        for time in [Int64.min, -1, 0, .max] {
            let nonce = SignedNonce(time: WallTime(microseconds: time), salt: 0)
            let back = signer.withText(nonce, host: host) { signer.read($0, host: host) }
            #expect(back == nonce)
        }
    }
}
