#define _GNU_SOURCE
#include "CSys.h"

#include <errno.h>
#include <time.h>

#include <linux/errqueue.h>
#include <malloc.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static inline int result(long n) { return n < 0 ? -errno : (int)n; }

void csys_close(int fd) { (void)close(fd); }

// Addresses ---------------------------------------------------------------------------------------

union system_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static inline socklen_t to_system(union system_address *s, const struct csys_address *a)
{
	if (!a->is_ipv6) {
		s->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(a->port)};
		s->v4.sin_addr.s_addr = htonl((uint32_t)a->low);
		return sizeof s->v4;
	}
	const uint64_t high = __builtin_bswap64(a->high), low = __builtin_bswap64(a->low);
	s->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(a->port)};
	memcpy(s->v6.sin6_addr.s6_addr, &high, 8);
	memcpy(s->v6.sin6_addr.s6_addr + 8, &low, 8);
	return sizeof s->v6;
}

static inline struct csys_address from_system(const union system_address *s)
{
	if (s->any.sa_family != AF_INET6)
		return (struct csys_address){.low = ntohl(s->v4.sin_addr.s_addr), .port = ntohs(s->v4.sin_port)};
	uint64_t high, low;
	memcpy(&high, s->v6.sin6_addr.s6_addr, 8);
	memcpy(&low, s->v6.sin6_addr.s6_addr + 8, 8);
	return (struct csys_address){__builtin_bswap64(high), __builtin_bswap64(low), ntohs(s->v6.sin6_port), 1};
}

// Datagram sockets --------------------------------------------------------------------------------

static int set_option(int fd, int level, int name, int value)
{
	return result(setsockopt(fd, level, name, &value, sizeof value));
}

static int configure_udp(int fd, int is_ipv6)
{
	int r;
	if (is_ipv6) {
		if ((r = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) < 0 ||
		    (r = set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT)) < 0)
			return r;
		return set_option(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
	}
	if ((r = set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)) < 0)
		return r;
	return set_option(fd, IPPROTO_IP, IP_RECVERR, 1);
}

int csys_udp_socket(int is_ipv6)
{
	const int fd = result(socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	if (fd < 0)
		return fd;
	const int r = configure_udp(fd, is_ipv6);
	if (r < 0) {
		csys_close(fd);
		return r;
	}
	return fd;
}

int csys_share_port(int fd) { return set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1); }

int csys_set_buffers(int fd, int bytes)
{
	if (set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes) < 0)
		(void)set_option(fd, SOL_SOCKET, SO_RCVBUF, bytes);
	if (set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, bytes) < 0)
		(void)set_option(fd, SOL_SOCKET, SO_SNDBUF, bytes);
	int granted = 0; // the kernel counts its own overhead too and reports twice the size
	socklen_t length = sizeof granted;
	return getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &granted, &length) < 0 ? -errno : granted / 2;
}

int csys_watch_arrivals(int fd)
{
	const int r = set_option(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	return r < 0 ? r : set_option(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
}

int csys_bind(int fd, const struct csys_address *address)
{
	union system_address s;
	const socklen_t length = to_system(&s, address);
	return result(bind(fd, &s.any, length));
}

int csys_local_address(int fd, struct csys_address *address)
{
	union system_address s;
	socklen_t length = sizeof s;
	if (getsockname(fd, &s.any, &length) < 0)
		return -errno;
	*address = from_system(&s);
	return 0;
}

void csys_tune_allocator(void)
{
	mallopt(M_TOP_PAD, 4 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

int csys_source_toward(const struct csys_address *destination, struct csys_address *address)
{
	union system_address s;
	const socklen_t length = to_system(&s, destination);
	const int fd = socket(s.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	const int outcome = connect(fd, &s.any, length) < 0 ? -errno : csys_local_address(fd, address);
	close(fd);
	return outcome;
}

int csys_read_error(int fd, struct csys_address *destination)
{
	char payload[64];
	_Alignas(struct cmsghdr) char control[512];
	union system_address name;
	struct iovec part = {payload, sizeof payload};
	struct msghdr message = {.msg_name = &name, .msg_namelen = sizeof name, .msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof control};
	if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return -errno;
	if (message.msg_namelen == 0)
		return 0;
	*destination = from_system(&name);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
		struct sock_extended_err error;
		if (!(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) &&
		    !(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
			continue;
		memcpy(&error, CMSG_DATA(c), sizeof error);
		if (error.ee_origin == SO_EE_ORIGIN_ICMP) // 3 unreachable (code 4: fragmentation needed), 12 parameter problem
			return (error.ee_type == 3 && error.ee_code != 4) || error.ee_type == 12;
		if (error.ee_origin == SO_EE_ORIGIN_ICMP6) // 1 unreachable, 4 parameter problem
			return error.ee_type == 1 || error.ee_type == 4;
	}
	return 0;
}

// Batches of datagrams ----------------------------------------------------------------------------

// Room for one datagram: more than the largest UDP payload. Not a power of two, so that the slots do
// not all fall into the same cache sets.
#define SLOT (65 * 1024)

struct csys_receive_batch {
	struct mmsghdr headers[CSYS_BATCH];
	struct iovec parts[CSYS_BATCH];
	union system_address names[CSYS_BATCH];
	// What the kernel says of the first datagram; of the others it is not asked.
	_Alignas(struct cmsghdr) char control[256];
	int64_t oldest;
	uint32_t lost;
	uint8_t *memory;
	int used;
};

struct csys_receive_batch *csys_receive_batch_new(void)
{
	struct csys_receive_batch *b = calloc(1, sizeof *b);
	if (!b)
		return NULL;
	void *memory = mmap(NULL, (size_t)CSYS_BATCH * SLOT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED) {
		free(b);
		return NULL;
	}
	b->memory = memory;
	b->used = CSYS_BATCH;
	for (int i = 0; i < CSYS_BATCH; i++) {
		b->parts[i] = (struct iovec){b->memory + (size_t)i * SLOT, SLOT};
		b->headers[i].msg_hdr = (struct msghdr){.msg_iov = &b->parts[i], .msg_iovlen = 1, .msg_name = &b->names[i]};
	}
	return b;
}

void csys_receive_batch_free(struct csys_receive_batch *b)
{
	munmap(b->memory, (size_t)CSYS_BATCH * SLOT);
	free(b);
}

static void read_control(struct csys_receive_batch *b)
{
	struct msghdr *first = &b->headers[0].msg_hdr;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(first); c; c = CMSG_NXTHDR(first, c)) {
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SO_TIMESTAMPNS) {
			struct timespec t;
			memcpy(&t, CMSG_DATA(c), sizeof t);
			b->oldest = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
		} else if (c->cmsg_type == SO_RXQ_OVFL) {
			memcpy(&b->lost, CMSG_DATA(c), sizeof b->lost);
		}
	}
}

int csys_receive(int fd, struct csys_receive_batch *b)
{
	for (int i = 0; i < b->used; i++) // the kernel has put the real lengths in
		b->headers[i].msg_hdr.msg_namelen = sizeof b->names[i];
	b->headers[0].msg_hdr.msg_control = b->control;
	b->headers[0].msg_hdr.msg_controllen = sizeof b->control;
	const int n = result(recvmmsg(fd, b->headers, CSYS_BATCH, MSG_DONTWAIT, NULL));
	b->used = n < 0 ? 0 : n;
	b->oldest = 0;
	if (n > 0)
		read_control(b);
	return n;
}

struct csys_datagram csys_received(const struct csys_receive_batch *b, int i)
{
	return (struct csys_datagram){b->parts[i].iov_base, b->headers[i].msg_len, from_system(&b->names[i])};
}

int64_t csys_oldest_arrival(const struct csys_receive_batch *b) { return b->oldest; }

uint32_t csys_lost(const struct csys_receive_batch *b) { return b->lost; }

struct csys_send_batch {
	struct mmsghdr headers[CSYS_BATCH];
	struct iovec parts[CSYS_BATCH];
	union system_address names[CSYS_BATCH];
};

struct csys_send_batch *csys_send_batch_new(void)
{
	struct csys_send_batch *b = calloc(1, sizeof *b);
	if (!b)
		return NULL;
	for (int i = 0; i < CSYS_BATCH; i++)
		b->headers[i].msg_hdr = (struct msghdr){.msg_iov = &b->parts[i], .msg_iovlen = 1, .msg_name = &b->names[i]};
	return b;
}

void csys_send_batch_free(struct csys_send_batch *b) { free(b); }

void csys_send_put(struct csys_send_batch *b, int i, const void *bytes, size_t length, struct csys_address peer)
{
	b->parts[i] = (struct iovec){(void *)(uintptr_t)bytes, length};
	b->headers[i].msg_hdr.msg_namelen = to_system(&b->names[i], &peer);
}

struct csys_datagram csys_send_get(const struct csys_send_batch *b, int i)
{
	return (struct csys_datagram){b->parts[i].iov_base, b->parts[i].iov_len, from_system(&b->names[i])};
}

int csys_send(int fd, struct csys_send_batch *b, int from, int to)
{
	return result(sendmmsg(fd, b->headers + from, (unsigned)(to - from), MSG_DONTWAIT | MSG_NOSIGNAL));
}

// Waiting -----------------------------------------------------------------------------------------

#define EVENTS 64

struct csys_poller {
	int fd;
	// The kernel has no epoll_pwait2 (before 5.11): timeouts are rounded up to milliseconds.
	int milliseconds_only;
	struct epoll_event events[EVENTS];
};

struct csys_poller *csys_poller_new(int *error)
{
	struct csys_poller *p = calloc(1, sizeof *p);
	*error = ENOMEM;
	if (!p)
		return NULL;
	p->fd = epoll_create1(EPOLL_CLOEXEC);
	if (p->fd < 0) {
		*error = errno;
		free(p);
		return NULL;
	}
	return p;
}

void csys_poller_free(struct csys_poller *p)
{
	csys_close(p->fd);
	free(p);
}

int csys_poller_add(struct csys_poller *p, int fd, uint32_t key)
{
	struct epoll_event e = {.events = EPOLLIN | EPOLLET, .data.u64 = key};
	return result(epoll_ctl(p->fd, EPOLL_CTL_ADD, fd, &e));
}

int csys_poller_watch_writing(struct csys_poller *p, int fd, uint32_t key, int is_watched)
{
	struct epoll_event e = {.events = EPOLLIN | EPOLLET | (is_watched ? EPOLLOUT : 0u), .data.u64 = key};
	return result(epoll_ctl(p->fd, EPOLL_CTL_MOD, fd, &e));
}

int csys_poller_wait(struct csys_poller *p, int64_t nanoseconds)
{
	if (!p->milliseconds_only) {
		const struct timespec t = {nanoseconds / 1000000000, nanoseconds % 1000000000};
		const int n = epoll_pwait2(p->fd, p->events, EVENTS, nanoseconds < 0 ? NULL : &t, NULL);
		if (n >= 0 || (errno != ENOSYS && errno != EPERM))
			return result(n);
		p->milliseconds_only = 1;
	}
	const int64_t milliseconds = nanoseconds < 0 ? -1 : nanoseconds / 1000000 + (nanoseconds % 1000000 != 0);
	return result(epoll_wait(p->fd, p->events, EVENTS, milliseconds > INT32_MAX ? INT32_MAX : (int)milliseconds));
}

struct csys_event csys_poller_event(const struct csys_poller *p, int i)
{
	const uint32_t e = p->events[i].events;
	return (struct csys_event){(uint32_t)p->events[i].data.u64,
		(e & EPOLLIN ? CSYS_READABLE : 0) | (e & EPOLLOUT ? CSYS_WRITABLE : 0) | (e & EPOLLERR ? CSYS_FAILED : 0)};
}

int csys_eventfd(void) { return result(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }

void csys_eventfd_signal(int fd)
{
	const uint64_t one = 1;
	(void)!write(fd, &one, sizeof one);
}

// Threads and clocks ------------------------------------------------------------------------------

void csys_name_thread(const char *name) { (void)pthread_setname_np(pthread_self(), name); }

int csys_pin_thread(int processor)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET((unsigned)processor % CPU_SETSIZE, &set);
	return -pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

int64_t csys_monotonic(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t csys_wall(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
