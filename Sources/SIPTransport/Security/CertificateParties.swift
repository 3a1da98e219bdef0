import NIOSSL

/// Who a certificate is about and who signed it, read from its DER form for the words of a failure.
/// Nothing is trusted because of what stands here.
struct CertificateParties: Equatable {
    /// The whole issuer and subject as they are encoded.
    var issuer: [UInt8]
    var subject: [UInt8]

    /// Whether the certificate says that it signed itself.
    var isSelfSigned: Bool { issuer == subject }
    /// The issuer's common name, else its organisation.
    var issuerName: String? { CertificateParties.name(in: issuer) }

    init?(_ certificate: NIOSSLCertificate) {
        guard let bytes = try? certificate.toDERBytes() else { return nil }
        self.init(der: bytes)
    }

    /// Nil when `der` is not a certificate (RFC 5280, section 4.1).
    init?(der: [UInt8]) {
        var certificate = DERReader(der[...])
        guard var outer = certificate.next(), let body = outer.content.next() else { return nil }
        var fields = body.content
        guard var field = fields.next() else { return nil }
        // [0] is the version; the serial number and the signature's algorithm come before the issuer.
        if field.tag == 0xA0 {
            guard let serial = fields.next() else { return nil }
            field = serial
        }
        guard field.tag == 0x02, fields.next() != nil, let issuer = fields.next(), fields.next() != nil, let subject = fields.next() else {
            return nil
        }
        self.issuer = Array(issuer.content.bytes)
        self.subject = Array(subject.content.bytes)
    }

    /// The last common name (2.5.4.3) in a Name, else the last organisation (2.5.4.10).
    private static func name(in encoded: [UInt8]) -> String? {
        var sets = DERReader(encoded[...])
        var commonName: String?
        var organisation: String?
        while var set = sets.next() {
            while var attribute = set.content.next() {
                guard let type = attribute.content.next(), let value = attribute.content.next() else { break }
                let text = String(decoding: value.content.bytes, as: UTF8.self)
                if Array(type.content.bytes) == [0x55, 0x04, 0x03] { commonName = text }
                if Array(type.content.bytes) == [0x55, 0x04, 0x0A] { organisation = text }
            }
        }
        return commonName ?? organisation
    }
}

/// Walks elements of the Distinguished Encoding Rules (X.690), lengths up to four bytes.
struct DERReader {
    struct Element {
        var tag: UInt8
        var content: DERReader
    }

    private(set) var bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    /// The next element; nil at the end and where the encoding is broken.
    mutating func next() -> Element? {
        guard bytes.count >= 2 else { return nil }
        let tag = bytes[bytes.startIndex]
        var rest = bytes.dropFirst(2)
        var length = Int(bytes[bytes.startIndex + 1])
        if length >= 0x80 {
            let digits = length - 0x80
            guard (1...4).contains(digits), rest.count >= digits else { return nil }
            length = rest.prefix(digits).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(digits)
        }
        guard rest.count >= length else { return nil }
        bytes = rest.dropFirst(length)
        return Element(tag: tag, content: DERReader(rest.prefix(length)))
    }
}
