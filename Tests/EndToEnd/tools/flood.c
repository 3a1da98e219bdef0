/* Sends mutated SIP datagrams, reproducibly from a seed, to a switch on loopback.
 *
 *   flood SOURCE_IP TARGET_IP TARGET_PORT COUNT RATE SEED FILE...
 *
 * Every datagram begins as one of the files and is then damaged: bytes flipped, cut, doubled, replaced
 * by bytes that matter to SIP, or pieces of two files joined. RATE is datagrams a second, 0 for as many
 * as it can. Refuses any target outside 127.0.0.0/8. Prints how many were sent.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
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

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int count, char **argument)
{
	if (count < 8) {
		fprintf(stderr, "usage: flood SOURCE_IP TARGET_IP TARGET_PORT COUNT RATE SEED FILE...\n");
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
