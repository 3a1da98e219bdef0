/*
 * The floor of the bench: what the kernel alone charges for a call's datagrams.
 *
 *   floor LISTEN_IP PORT CALLER_IP PORT CALLEE_IP PORT
 *
 * Every datagram from the callee goes to the caller, every other one to the callee, unread, in
 * batches of up to 64 by recvmmsg and sendmmsg on one socket. Ends on SIGTERM or SIGINT.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 64, DATAGRAM = 4096 };

static volatile sig_atomic_t stopping;

static void stop(int signal_number)
{
	(void)signal_number;
	stopping = 1;
}

static struct sockaddr_in address(const char *ip, const char *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};

	if (inet_pton(AF_INET, ip, &a.sin_addr) != 1) {
		fprintf(stderr, "floor: %s is not an IPv4 address\n", ip);
		exit(2);
	}
	return a;
}

static int listening_socket(const struct sockaddr_in *local)
{
	const int buffer = 4 << 20;
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)local, sizeof *local) != 0) {
		perror("floor: bind");
		exit(1);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
	return fd;
}

static int same(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
	return a->sin_port == b->sin_port && a->sin_addr.s_addr == b->sin_addr.s_addr;
}

int main(int argc, char **argv)
{
	static char bytes[BATCH][DATAGRAM];
	static struct mmsghdr messages[BATCH];
	static struct iovec parts[BATCH];
	static struct sockaddr_in sources[BATCH];

	if (argc != 7) {
		fprintf(stderr, "usage: floor LISTEN_IP PORT CALLER_IP PORT CALLEE_IP PORT\n");
		return 2;
	}
	struct sockaddr_in local = address(argv[1], argv[2]);
	struct sockaddr_in caller = address(argv[3], argv[4]), callee = address(argv[5], argv[6]);
	const int fd = listening_socket(&local);

	/* Without SA_RESTART, so that the signal ends a waiting recvmmsg. */
	struct sigaction action = {.sa_handler = stop};
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);

	while (!stopping) {
		for (int i = 0; i < BATCH; i++) {
			parts[i] = (struct iovec){.iov_base = bytes[i], .iov_len = DATAGRAM};
			messages[i].msg_hdr = (struct msghdr){
				.msg_name = &sources[i], .msg_namelen = sizeof sources[i], .msg_iov = &parts[i], .msg_iovlen = 1};
		}
		const int count = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
		if (count < 0) {
			/* ICMP "port unreachable" of an earlier datagram comes back as ECONNREFUSED: harmless. */
			if (errno == EINTR || errno == ECONNREFUSED)
				continue;
			perror("floor: recvmmsg");
			return 1;
		}
		for (int i = 0; i < count; i++) {
			parts[i].iov_len = messages[i].msg_len;
			messages[i].msg_hdr.msg_name = same(&sources[i], &callee) ? &caller : &callee;
		}
		for (int sent = 0; sent < count;) {
			const int n = sendmmsg(fd, messages + sent, (unsigned)(count - sent), 0);
			sent += n > 0 ? n : 1; /* one that cannot be sent is lost, as datagrams are */
		}
	}
	return 0;
}
