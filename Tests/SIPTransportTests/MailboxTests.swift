import CSys
import CallRecords
import Glibc
import SwitchCore
import Testing
import Vocabulary

@testable import SIPTransport

/// Covers what other threads may post, the bounds, and when the shard's thread is woken.
@Suite("Mailbox")
struct MailboxTests {
    private let flow = Flow(transport: .tcp, listener: 0, remote: NetworkAddress(ipv4: 0x7F00_0001, port: 5060), connection: 7)

    private func small() throws -> Mailbox {
        var bounds = Mailbox.Bounds()
        bounds.messages = .init(messages: 2, bytes: 100)
        bounds.commands = 1
        bounds.failures = 1
        return try Mailbox(bounds: bounds)
    }

    /// How often the event descriptor was written since it was last read.
    private func signals(_ mailbox: Mailbox) -> UInt64 {
        var value: UInt64 = 0
        return read(mailbox.eventDescriptor, &value, 8) == 8 ? value : 0
    }

    @Test("the thread is woken by the first post after it looked, and not by the next ones")
    func wakes() throws {
        let mailbox = try small()
        var contents = Mailbox.Contents(bounds: mailbox.bounds)
        #expect(mailbox.post(streamMessage: Bytes("a"), from: flow) == .accepted)
        mailbox.post(.committed(through: 1))
        #expect(mailbox.post(failureOf: flow) == .accepted)
        #expect(signals(mailbox) == 1)
        #expect(mailbox.take(into: &contents) == false)
        #expect(contents.messages.count == 1)
        #expect(contents.commits == [.committed(through: 1)])
        #expect(contents.failures == [flow])
        contents.removeAll()
        mailbox.post(.committed(through: 2))
        #expect(signals(mailbox) == 1)
    }

    @Test("a full part refuses: stream messages, commands and failures wait or are lost, datagrams are counted")
    func bounds() throws {
        let mailbox = try small()
        var contents = Mailbox.Contents(bounds: mailbox.bounds)
        #expect(mailbox.post(streamMessage: Bytes("a"), from: flow) == .accepted)
        #expect(mailbox.post(streamMessage: Bytes("b"), from: flow) == .accepted)
        #expect(mailbox.post(streamMessage: Bytes("c"), from: flow) == .full)
        mailbox.post(datagram: Bytes("d"), from: flow)
        #expect(mailbox.post(.shard(.refuseNewCalls(true))) == .accepted)
        #expect(mailbox.post(.shard(.refuseNewCalls(false))) == .full)
        #expect(mailbox.post(failureOf: flow) == .accepted)
        #expect(mailbox.post(failureOf: flow) == .full)
        _ = mailbox.take(into: &contents)
        #expect(contents.messages.count == 2)
        #expect(contents.droppedDatagrams == 1)
        contents.removeAll()
        #expect(mailbox.post(streamMessage: Bytes("e"), from: flow) == .accepted)
    }

    @Test("a commit takes the place of the one before it")
    func commits() throws {
        let mailbox = try small()
        var contents = Mailbox.Contents(bounds: mailbox.bounds)
        for number in 1...1_000 { mailbox.post(.committed(through: UInt64(number))) }
        mailbox.post(.failing(through: 1_001))
        mailbox.post(.failing(through: 1_002))
        mailbox.post(.committed(through: 1_002))
        _ = mailbox.take(into: &contents)
        #expect(contents.commits == [.committed(through: 1_000), .failing(through: 1_002), .committed(through: 1_002)])
    }

    @Test("a closed mailbox gives out what it holds and takes nothing more")
    func closing() throws {
        let mailbox = try small()
        var contents = Mailbox.Contents(bounds: mailbox.bounds)
        #expect(mailbox.post(streamMessage: Bytes("a"), from: flow) == .accepted)
        mailbox.close()
        #expect(mailbox.post(streamMessage: Bytes("b"), from: flow) == .closed)
        #expect(mailbox.post(.shard(.refuseNewCalls(true))) == .closed)
        #expect(mailbox.take(into: &contents) == true)
        #expect(contents.messages.count == 1)
    }
}
