import Glibc
import Testing
import Vocabulary

@testable import SIPTransport

/// Covers the form of a hosts file and that a change is seen.
@Suite("Hosts file")
struct HostsFileTests {
    @Test("names, aliases, comments and both families are read; broken lines are passed over")
    func form() {
        let hosts = HostsFile.parse(
            """
            # comment
            192.0.2.1\tSIP.example.net  sip # the first
            2001:db8::1 sip.example.net
            192.0.2.2 sip.example.net
            192.0.2.1 sip.example.net
            192.0.2.3
            nonsense here.example.net
            192.0.2.4:5060 port.example.net\r
            192.0.2.5 last.example.net
            """)
        let expected = ["192.0.2.1", "2001:db8::1", "192.0.2.2"].compactMap { NetworkAddress($0) }
        #expect(hosts["sip.example.net"] == expected)
        #expect(hosts["sip"] == [expected[0]])
        #expect(hosts["last.example.net"]?.count == 1)
        #expect(hosts.count == 3)
    }

    @Test("a changed file is read again, and one that is gone holds nothing")
    func change() throws {
        try withFile("192.0.2.1 a.example.net\n") { path in
            let file = HostsFile(path: path)
            #expect(file.addresses().keys.sorted() == ["a.example.net"])
            let descriptor = open(path, O_WRONLY | O_APPEND)
            _ = write(descriptor, "192.0.2.2 b.example.net\n", 24)
            close(descriptor)
            #expect(file.addresses().keys.sorted() == ["a.example.net", "b.example.net"])
            unlink(path)
            #expect(file.addresses().isEmpty)
        }
    }
}
