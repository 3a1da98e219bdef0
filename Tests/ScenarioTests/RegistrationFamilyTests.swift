import CallRecords
import Routing
import SwitchTesting
import Testing
import Vocabulary

/// Registering and withdrawing over every transport and address family.
@Suite struct RegistrationFamilyTests {
    @Test("IPv6 over UDP and TCP: registered, refreshed, withdrawn", arguments: [TransportKind.udp, .tcp])
    func ipv6(_ transport: TransportKind) throws {
        let own = try #require(NetworkAddress("[2001:db8::10]:5060"))
        let upstream = try #require(NetworkAddress("[2001:db8::20]:5060"))
        let account = Registration(
            name: "upstream-1", proxy: NextHop(host: "2001:db8::20", port: 5060, transport: transport), host: "2001:db8::20", username: "acme",
            password: "secret", period: 300)
        var setup = VirtualWorld.Setup(
            configuration: SwitchConfiguration(registrations: []),
            listeners: [TransportKind.udp, .tcp].map { ListenerDescription(transport: $0, local: own) })
        setup.seed = 5
        let world = VirtualWorld(setup)
        let peer = Peer("upstream0", at: upstream, transport: transport, marker: "~U", in: world, towards: own)
        if transport.isReliable { peer.connection = 1 }
        let registrar = VirtualRegistrar(peer, in: world)
        world.configure(SwitchConfiguration(revision: 1, registrations: [account]))
        world.run(for: .seconds(1))
        let request = try #require(registrar.exchanges.first?.request)
        #expect(request.startLine == "REGISTER sip:[2001:db8::20] SIP/2.0")
        #expect(request.header("To") == "<sip:acme@[2001:db8::20]>")
        #expect(request.contact?.contains("@[2001:db8::10]:5060") == true)
        world.run(for: .seconds(1_000))
        #expect(registrar.bindings("sip:acme@[2001:db8::20]").count == 1)
        #expect(world.stop().map(\.state) == [.withdrawn])
        #expect(registrar.bindingCount == 0)
        #expect(world.violations == [])
    }
}
