import Foundation
import ManagementAPI
import Routing
import Testing
import Vocabulary

@testable import tandem

/// What the program tells the planner and the periods of this machine.
@Suite struct OwnAddressTests {
    @Test("the machine's loopback is among its hosts, and listeners stand with their advertised address")
    func ownAddresses() {
        let listener = ListenerDescription(
            transport: .udp, local: NetworkAddress(ipv4: 0, port: 5060), advertised: NetworkAddress(ipv4: 0xC000_0201, port: 5060))
        let own = OwnAddresses.of([listener])
        #expect(own.hosts.contains(NetworkAddress(ipv4: 0x7F00_0001, port: 0)))
        #expect(own.listeners.map(\.address) == [listener.local, listener.advertised])
    }

    @Test("a zone's changes of the clocks are in its table")
    func zone() throws {
        let berlin = try #require(TimeZone(identifier: "Europe/Berlin"))
        let now = Date(timeIntervalSince1970: 1_767_225_600)
        let table = SystemZone.table(around: now, zone: berlin)
        let summer = try #require(WallTime(rfc3339: "2026-07-01T12:00:00Z"))
        let winter = try #require(WallTime(rfc3339: "2026-12-01T12:00:00Z"))
        #expect(table.offset(at: summer) == 7200 && table.offset(at: winter) == 3600)
        let utc = try #require(TimeZone(identifier: "UTC"))
        #expect(SystemZone.table(around: now, zone: utc).entries.map(\.offsetSeconds) == [0])
    }
}
