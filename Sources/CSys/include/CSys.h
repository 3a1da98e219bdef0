/// Linux system calls that the Glibc module does not show, and sets of message headers that Swift
/// cannot lay out. The header includes no system header, so that it agrees with every other module.
/// Results below zero are the negated `errno`.
#ifndef C_SYS_H
#define C_SYS_H

#include <stddef.h>
#include <stdint.h>

// Addresses ---------------------------------------------------------------------------------------

/// An IPv4 address (in the low 32 bits of `low`) or an IPv6 address, with a port; in host order.
struct csys_address {
	uint64_t high;
	uint64_t low;
	uint16_t port;
	uint16_t is_ipv6;
};

#include "CSysNames.h"

// Datagram sockets --------------------------------------------------------------------------------

/// A new non-blocking datagram socket. ICMP errors are queued with the destination they speak of;
/// datagrams may be fragmented on the way (a SIP request over the MTU must still arrive); an IPv6
/// socket takes IPv6 only.
int csys_udp_socket(int is_ipv6);
/// Lets several sockets share the port; the kernel spreads datagrams over them by their addresses.
int csys_share_port(int fd);
/// Asks for receive and send buffers of `bytes`, beyond the system's limits where that is allowed;
/// returns the receive buffer granted.
int csys_set_buffers(int fd, int bytes);
int csys_bind(int fd, const struct csys_address *_Nonnull address);
/// Lets each thread's heap grow and keep memory in steps of megabytes: otherwise a busy thread asks the
/// kernel for a few pages many times a second.
void csys_tune_allocator(void);
/// The address of this host that the kernel would send from towards `destination`. Sends nothing.
int csys_source_toward(const struct csys_address *_Nonnull destination, struct csys_address *_Nonnull address);
int csys_local_address(int fd, struct csys_address *_Nonnull address);
void csys_close(int fd);

/// Takes one entry from the socket's error queue. Returns 1 when it says that the destination (put
/// into `destination`) cannot be reached: ICMP unreachable or parameter problem (RFC 3261, 18.4);
/// 0 when the entry says something else; `-EAGAIN` when the queue is empty.
int csys_read_error(int fd, struct csys_address *_Nonnull destination);

// Batches of datagrams ----------------------------------------------------------------------------

/// Most datagrams that one system call receives or sends.
#define CSYS_BATCH 64

/// Datagrams received by one call.
struct csys_receive_batch;
/// Datagrams to be sent by one call.
struct csys_send_batch;

/// One datagram of a batch.
struct csys_datagram {
	void *_Nonnull bytes;
	size_t length;
	struct csys_address peer;
};

/// Makes a batch for datagrams of any size; its memory becomes resident only as far as datagrams fill
/// it. NULL without memory.
struct csys_receive_batch *_Nullable csys_receive_batch_new(void);
void csys_receive_batch_free(struct csys_receive_batch *_Nonnull batch);
/// Has the kernel stamp arriving datagrams and count those that find the receive buffer full, for
/// `csys_oldest_arrival` and `csys_lost`.
int csys_watch_arrivals(int fd);
/// Receives what is there, up to a batch. Fewer than a batch means that nothing is left.
int csys_receive(int fd, struct csys_receive_batch *_Nonnull batch);
/// Datagram `i` of the last receive, valid until the next.
struct csys_datagram csys_received(const struct csys_receive_batch *_Nonnull batch, int i);

/// When the first datagram of the last receive arrived at this machine, by the wall clock in microseconds; 0 when unknown.
int64_t csys_oldest_arrival(const struct csys_receive_batch *_Nonnull batch);
/// Datagrams that the socket has lost for want of room, as far as the last receives said; it wraps around.
uint32_t csys_lost(const struct csys_receive_batch *_Nonnull batch);

struct csys_send_batch *_Nullable csys_send_batch_new(void);
void csys_send_batch_free(struct csys_send_batch *_Nonnull batch);
/// Puts a datagram into slot `i`. The bytes are not copied: they must stay until they are sent.
void csys_send_put(struct csys_send_batch *_Nonnull batch, int i, const void *_Nonnull bytes, size_t length, struct csys_address peer);
/// What stands in slot `i`.
struct csys_datagram csys_send_get(const struct csys_send_batch *_Nonnull batch, int i);
/// Sends slots `from` to `to`; returns how many were taken. The error of a slot that is not the first
/// shows in the next call, which begins with it.
int csys_send(int fd, struct csys_send_batch *_Nonnull batch, int from, int to);

// Waiting -----------------------------------------------------------------------------------------

#define CSYS_READABLE 1u
#define CSYS_WRITABLE 2u
#define CSYS_FAILED 4u

/// A set of watched descriptors and the events that they had.
struct csys_poller;

struct csys_event {
	uint32_t key;
	/// `CSYS_READABLE`, `CSYS_WRITABLE` and `CSYS_FAILED` together.
	uint32_t flags;
};

/// NULL when the system has no more descriptors or memory; `error` then says why.
struct csys_poller *_Nullable csys_poller_new(int *_Nonnull error);
void csys_poller_free(struct csys_poller *_Nonnull poller);
/// Watches `fd` edge-triggered for reading; `key` comes back with each event.
int csys_poller_add(struct csys_poller *_Nonnull poller, int fd, uint32_t key);
/// Watches `fd` for writing too, or no longer.
int csys_poller_watch_writing(struct csys_poller *_Nonnull poller, int fd, uint32_t key, int is_watched);
/// Waits for events at most `nanoseconds`; without end when that is negative. Returns how many came.
int csys_poller_wait(struct csys_poller *_Nonnull poller, int64_t nanoseconds);
struct csys_event csys_poller_event(const struct csys_poller *_Nonnull poller, int i);

int csys_eventfd(void);
/// Wakes who waits for the event descriptor. Its counter is never read: it is watched edge-triggered,
/// and each write is an edge.
void csys_eventfd_signal(int fd);

// Threads and clocks ------------------------------------------------------------------------------

/// Names the calling thread (at most 15 bytes).
void csys_name_thread(const char *_Nonnull name);
/// Binds the calling thread to one processor.
int csys_pin_thread(int processor);
/// The monotonic clock in nanoseconds.
int64_t csys_monotonic(void);
/// The wall clock in microseconds since 1970-01-01 UTC.
int64_t csys_wall(void);

#endif
