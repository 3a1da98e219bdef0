/* Sends SIP datagrams to a switch on loopback: damaged ones from one source, or right ones from many.
 *
 *   flood SOURCE_IP TARGET_IP TARGET_PORT COUNT RATE SEED FILE...
 *   flood --strangers FIRST_SOURCE_IP SOURCES TARGET_IP TARGET_PORT SECONDS RATE REGISTER|INVITE|GUESS
 *
 * --strangers: requests that are right in themselves, each from the next of SOURCES addresses that begin with
 * FIRST_SOURCE_IP; GUESS is a REGISTER of phone 1001 with credentials that are made up. Answers are not read.
 *
 * Otherwise every datagram begins as one of the files and is then damaged: bytes flipped, cut, doubled, replaced
 * by bytes that matter to SIP, or pieces of two files joined. RATE is datagrams a second, 0 for as many
 * as it can. Refuses any target outside 127.0.0.0/8. Prints how many were sent.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 32, LARGEST = 4096, FILES = 256 };

static uint64_t state;
static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}
static size_t below(size_t n) { return n ? (size_t)(draw() % n) : 0; }

static struct { uint8_t bytes[LARGEST]; size_t length; } seeds[FILES];
static int seed_count;

static size_t damage(uint8_t *out)
{
	static const char telling[] = "\r\n:;,<>\"@=?&%/ \t\0[]*0";
	const int first = (int)below(seed_count);
	size_t length = seeds[first].length;
	memcpy(out, seeds[first].bytes, length);
	if (below(4) == 0) { /* the head of one, the tail of another */
		const int second = (int)below(seed_count);
		const size_t head = below(length + 1), tail = below(seeds[second].length + 1);
		const size_t rest = seeds[second].length - tail;
		length = head + (rest < LARGEST - head ? rest : LARGEST - head);
		memcpy(out + head, seeds[second].bytes + tail, length - head);
	}
	for (size_t n = below(6); n > 0 && length > 0; n--) {
		const size_t at = below(length);
		switch (below(6)) {
		case 0: out[at] ^= (uint8_t)(1u << below(8)); break;
		case 1: out[at] = (uint8_t)telling[below(sizeof telling - 1)]; break;
		case 2: out[at] = (uint8_t)draw(); break;
		case 3: length = at; break;
		case 4: { /* a piece again */
			size_t piece = below(64);
			if (at + piece > length) piece = length - at;
			if (length + piece > LARGEST) piece = LARGEST - length;
			memmove(out + at + piece, out + at, length - at);
			length += piece;
			break;
		}
		default: { /* a piece less */
			size_t piece = below(32);
			if (at + piece > length) piece = length - at;
			memmove(out + at, out + at + piece, length - at - piece);
			length -= piece;
		}
		}
	}
	return length;
}

static double now(void);

/* One request of many: the parts that make it a new one are overwritten in place. */
struct request {
	char bytes[1024];
	size_t length;
	size_t places[3]; /* branch, From tag, Call-ID: sixteen digits each */
};

static void write_request(struct request *r, const char *kind, const char *target)
{
	static const char zeros[] = "0000000000000000";
	const int is_invite = strcmp(kind, "INVITE") == 0, guesses = strcmp(kind, "GUESS") == 0;
	const char *method = is_invite ? "INVITE" : "REGISTER";
	const char *user = guesses ? "1001" : "alice";
	char uri[64], credentials[256] = "";
	snprintf(uri, sizeof uri, is_invite ? "sip:+14155550199@%s" : "sip:%s", target);
	if (guesses)
		snprintf(credentials, sizeof credentials,
			"Authorization: Digest username=\"1001\", realm=\"tandem\", nonce=\"abc\", uri=\"%s\", response=\"%s%s\"\r\n", uri, zeros, zeros);
	r->length = (size_t)snprintf(r->bytes, sizeof r->bytes,
		"%s %s SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.9:5060;branch=z9hG4bK%s\r\nMax-Forwards: 70\r\n"
		"From: <sip:%s@%s>;tag=%s\r\nTo: <sip:%s@%s>\r\nCall-ID: %s@198.51.100.9\r\nCSeq: 1 %s\r\n"
		"Contact: <sip:%s@198.51.100.9:5060>\r\nUser-Agent: Example Phone 1.0\r\n%sContent-Length: 0\r\n\r\n",
		method, uri, zeros, user, target, zeros, is_invite ? "+14155550199" : user, target, zeros, method, user, credentials);
	const char *found = r->bytes;
	for (int i = 0; i < 3; i++) {
		found = strstr(found, zeros);
		r->places[i] = (size_t)(found - r->bytes);
		found += 16;
	}
}

static void renew(struct request *r)
{
	for (int i = 0; i < 3; i++) {
		uint64_t value = draw();
		for (int digit = 0; digit < 16; digit++, value >>= 4) r->bytes[r->places[i] + (size_t)digit] = "0123456789abcdef"[value & 15];
	}
}

/* Sends from many addresses of this host over one socket. */
static int flood_as_strangers(char **argument)
{
	struct in_addr first;
	struct sockaddr_in target = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argument[3]))}, own = {.sin_family = AF_INET};
	const long sources = atol(argument[1]);
	const double seconds = atof(argument[4]), rate = atof(argument[5]);
	if (inet_pton(AF_INET, argument[0], &first) != 1 || inet_pton(AF_INET, argument[2], &target.sin_addr) != 1 || sources < 1 ||
		ntohl(first.s_addr) >> 24 != 127 || (ntohl(first.s_addr) + (uint32_t)sources - 1) >> 24 != 127 ||
		ntohl(target.sin_addr.s_addr) >> 24 != 127) {
		fprintf(stderr, "flood: addresses of 127.0.0.0/8 only\n");
		return 2;
	}
	const int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
	int small = 4096;
	setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	if (descriptor < 0 || bind(descriptor, (struct sockaddr *)&own, sizeof own) < 0) {
		perror("flood");
		return 1;
	}
	static struct request requests[BATCH];
	static struct mmsghdr messages[BATCH];
	static struct iovec parts[BATCH];
	static union {
		char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
		struct cmsghdr align;
	} control[BATCH];
	struct in_pktinfo *from[BATCH];
	for (int i = 0; i < BATCH; i++) {
		write_request(&requests[i], argument[6], argument[2]);
		parts[i] = (struct iovec){requests[i].bytes, requests[i].length};
		messages[i].msg_hdr = (struct msghdr){.msg_name = &target, .msg_namelen = sizeof target, .msg_iov = &parts[i], .msg_iovlen = 1,
			.msg_control = control[i].bytes, .msg_controllen = sizeof control[i].bytes};
		struct cmsghdr *c = CMSG_FIRSTHDR(&messages[i].msg_hdr);
		*c = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
		from[i] = (struct in_pktinfo *)CMSG_DATA(c);
		memset(from[i], 0, sizeof *from[i]);
	}
	state = 88172645463325252ull;
	const double start = now();
	long sent = 0;
	while (now() - start < seconds) {
		for (int i = 0; i < BATCH; i++) {
			renew(&requests[i]);
			from[i]->ipi_spec_dst.s_addr = htonl(ntohl(first.s_addr) + (uint32_t)((sent + i) % sources));
		}
		const int taken = sendmmsg(descriptor, messages, BATCH, 0);
		if (taken < 0) continue;
		sent += taken;
		const double wait = rate > 0 ? start + (double)sent / rate - now() : 0;
		if (wait > 0) {
			const struct timespec pause = {(time_t)wait, (long)((wait - (double)(time_t)wait) * 1e9)};
			nanosleep(&pause, NULL);
		}
	}
	printf("%ld datagrams in %.1f s\n", sent, now() - start);
	return 0;
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int count, char **argument)
{
	if (count == 9 && strcmp(argument[1], "--strangers") == 0) return flood_as_strangers(argument + 2);
	if (count < 8) {
		fprintf(stderr,
			"usage: flood SOURCE_IP TARGET_IP TARGET_PORT COUNT RATE SEED FILE...\n"
			"       flood --strangers FIRST_SOURCE_IP SOURCES TARGET_IP TARGET_PORT SECONDS RATE REGISTER|INVITE|GUESS\n");
		return 2;
	}
	struct sockaddr_in source = {.sin_family = AF_INET}, target = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argument[3]))};
	if (inet_pton(AF_INET, argument[1], &source.sin_addr) != 1 || inet_pton(AF_INET, argument[2], &target.sin_addr) != 1 ||
		ntohl(target.sin_addr.s_addr) >> 24 != 127) {
		fprintf(stderr, "flood: addresses of 127.0.0.0/8 only\n");
		return 2;
	}
	const long wanted = atol(argument[4]);
	const double rate = atof(argument[5]);
	state = (uint64_t)atoll(argument[6]) * 2654435769u + 88172645463325252ull;
	for (int i = 7; i < count && seed_count < FILES; i++) {
		FILE *file = fopen(argument[i], "rb");
		if (!file) continue;
		seeds[seed_count].length = fread(seeds[seed_count].bytes, 1, LARGEST, file);
		fclose(file);
		if (seeds[seed_count].length > 0) seed_count++;
	}
	const int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
	if (seed_count == 0 || descriptor < 0 || bind(descriptor, (struct sockaddr *)&source, sizeof source) < 0) {
		perror("flood");
		return 1;
	}
	static uint8_t buffers[BATCH][LARGEST];
	static struct mmsghdr messages[BATCH];
	static struct iovec parts[BATCH];
	for (int i = 0; i < BATCH; i++) {
		parts[i].iov_base = buffers[i];
		messages[i].msg_hdr = (struct msghdr){.msg_name = &target, .msg_namelen = sizeof target, .msg_iov = &parts[i], .msg_iovlen = 1};
	}
	const double start = now();
	long sent = 0;
	while (sent < wanted) {
		for (int i = 0; i < BATCH; i++) parts[i].iov_len = damage(buffers[i]);
		if (sendmmsg(descriptor, messages, BATCH, 0) < 0) continue;
		sent += BATCH;
		const double due = rate > 0 ? start + (double)sent / rate : 0, wait = due - now();
		if (wait > 0) {
			const struct timespec pause = {(time_t)wait, (long)((wait - (double)(time_t)wait) * 1e9)};
			nanosleep(&pause, NULL);
		}
	}
	printf("%ld datagrams in %.1f s\n", sent, now() - start);
	return 0;
}
