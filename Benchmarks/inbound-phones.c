/*
 * The phones of the inbound registration bench: many accounts behind one address that register at a steady rate.
 *
 *   phones LISTEN_IP PORT SWITCH_IP PORT ACCOUNTS RATE SECONDS LIFETIME
 *
 * Account n is the number 100000 + n with the password secretN, registered one after the other and then from the beginning
 * again. Each registration is two requests: a REGISTER without credentials, and the answer to its challenge (MD5, qop auth).
 * A request is sent again after half a second without an answer. Prints what was counted, as JSON; 0 SECONDS: every account
 * once.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { DATAGRAM = 4096, FIRST_NUMBER = 100000, MOST_TRIES = 6 };
static const double AGAIN = 0.5;

struct account {
	double sent_at;
	uint32_t cseq;
	uint8_t waiting, tries;
	char nonce[120];
};

static struct account *accounts;
static int wire;
static struct sockaddr_in target;
static const char *own_ip, *switch_ip;
static int own_port, switch_port, lifetime;
static uint64_t begun, challenged, done, again, failed, refused;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* MD5 (RFC 1321) of a text, as 32 hexadecimal digits. */
static void md5(const char *text, char out[33])
{
	static const uint8_t turns[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
	static uint32_t sines[64];
	uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
	uint8_t data[1024] = {0};
	const size_t length = strlen(text);
	const size_t blocks = (length + 8) / 64 + 1;

	if (!sines[0]) {
		/* floor(2^32 * |sin(n + 1)|), by the series: no math library. */
		for (int n = 0; n < 64; n++) {
			long double x = n + 1, turn = 6.283185307179586476925286766559L, term, sum;
			while (x > turn) x -= turn;
			sum = term = x;
			for (int k = 1; k < 30; k++) {
				term *= -x * x / (2 * k * (2 * k + 1));
				sum += term;
			}
			sines[n] = (uint32_t)(4294967296.0L * (sum < 0 ? -sum : sum));
		}
	}
	if (blocks * 64 > sizeof data) abort();
	memcpy(data, text, length);
	data[length] = 0x80;
	const uint64_t bits = (uint64_t)length * 8;
	memcpy(data + blocks * 64 - 8, &bits, 8);
	for (size_t block = 0; block < blocks; block++) {
		uint32_t words[16], a = state[0], b = state[1], c = state[2], d = state[3];
		memcpy(words, data + block * 64, 64);
		for (int n = 0; n < 64; n++) {
			const int round = n / 16;
			const uint32_t mixed = round == 0 ? (b & c) | (~b & d) : round == 1 ? (d & b) | (~d & c) : round == 2 ? b ^ c ^ d : c ^ (b | ~d);
			const int place = round == 0 ? n : round == 1 ? (5 * n + 1) % 16 : round == 2 ? (3 * n + 5) % 16 : 7 * n % 16;
			const uint32_t sum = a + mixed + sines[n] + words[place];
			const int turn = turns[round][n % 4];
			a = d;
			d = c;
			c = b;
			b += sum << turn | sum >> (32 - turn);
		}
		state[0] += a;
		state[1] += b;
		state[2] += c;
		state[3] += d;
	}
	for (int n = 0; n < 16; n++) sprintf(out + 2 * n, "%02x", state[n / 4] >> (8 * (n % 4)) & 255);
}

/* The value of NAME="..." within a text, copied. */
static int quoted(const char *text, const char *name, char *out, size_t size)
{
	const char *at = strstr(text, name);
	const char *end = at ? strchr(at + strlen(name), '"') : NULL;

	if (!end || (size_t)(end - at) - strlen(name) >= size) return 0;
	memcpy(out, at + strlen(name), (size_t)(end - at) - strlen(name));
	out[(size_t)(end - at) - strlen(name)] = 0;
	return 1;
}

static void send_register(int index, const char *realm)
{
	struct account *account = &accounts[index];
	char text[DATAGRAM], credentials[900] = "";
	const int number = FIRST_NUMBER + index;

	if (realm) {
		char joined[512], secret[33], request[33], response[33];
		snprintf(joined, sizeof joined, "%d:%s:secret%d", number, realm, index);
		md5(joined, secret);
		snprintf(joined, sizeof joined, "REGISTER:sip:%s:%d", switch_ip, switch_port);
		md5(joined, request);
		snprintf(joined, sizeof joined, "%s:%s:00000001:0a4f113b:auth:%s", secret, account->nonce, request);
		md5(joined, response);
		snprintf(credentials, sizeof credentials,
			"Authorization: Digest username=\"%d\", realm=\"%s\", nonce=\"%s\", uri=\"sip:%s:%d\", qop=auth, nc=00000001, "
			"cnonce=\"0a4f113b\", response=\"%s\", algorithm=MD5\r\n",
			number, realm, account->nonce, switch_ip, switch_port, response);
	}
	const int length = snprintf(text, sizeof text,
		"REGISTER sip:%s:%d SIP/2.0\r\nVia: SIP/2.0/UDP %s:%d;branch=z9hG4bK%dx%u;rport\r\nMax-Forwards: 70\r\n"
		"From: <sip:%d@%s>;tag=p%d\r\nTo: <sip:%d@%s>\r\nCall-ID: %d-bench@%s\r\nCSeq: %u REGISTER\r\n"
		"Contact: <sip:%d@%s:%d>\r\nExpires: %d\r\nUser-Agent: Example Phone 1.0\r\n%sContent-Length: 0\r\n\r\n",
		switch_ip, switch_port, own_ip, own_port, number, account->cseq, number, switch_ip, number, number, switch_ip, number, own_ip,
		account->cseq, number, own_ip, own_port, lifetime, credentials);
	sendto(wire, text, (size_t)length, 0, (struct sockaddr *)&target, sizeof target);
	account->sent_at = now();
}

static void answer_received(char *text)
{
	const char *from = strstr(text, "\r\nFrom: <sip:"), *cseq = strstr(text, "\r\nCSeq: ");
	char realm[120];

	if (!from || !cseq || strncmp(text, "SIP/2.0 ", 8) != 0) return;
	const int index = atoi(from + 13) - FIRST_NUMBER, status = atoi(text + 8);
	struct account *account = &accounts[index];
	if (!account->waiting || (uint32_t)atoi(cseq + 8) != account->cseq) return;
	if (status == 401 && account->waiting == 1 && quoted(text, "nonce=\"", account->nonce, sizeof account->nonce) &&
		quoted(text, "realm=\"", realm, sizeof realm)) {
		challenged++;
		account->waiting = 2;
		account->tries = 1;
		account->cseq++;
		send_register(index, realm);
	} else {
		account->waiting = 0;
		if (status == 200) done++; else refused++;
	}
}

/* Accounts that got no answer: from the oldest one that is waited for to the newest. */
static void send_again(int oldest, int newest, int count)
{
	const double limit = now() - AGAIN;

	for (int at = oldest; at != newest; at = (at + 1) % count) {
		struct account *account = &accounts[at];
		if (!account->waiting || account->sent_at > limit) continue;
		/* The nonce of an answer that was lost is asked for anew. */
		account->waiting = account->tries < MOST_TRIES;
		if (!account->waiting) {
			failed++;
			continue;
		}
		again++;
		account->tries++;
		account->cseq++;
		send_register(at, NULL);
	}
}

int main(int argc, char **argv)
{
	if (argc != 9) {
		fprintf(stderr, "usage: phones LISTEN_IP PORT SWITCH_IP PORT ACCOUNTS RATE SECONDS LIFETIME\n");
		return 2;
	}
	own_ip = argv[1];
	own_port = atoi(argv[2]);
	switch_ip = argv[3];
	switch_port = atoi(argv[4]);
	const int count = atoi(argv[5]), rate = atoi(argv[6]), seconds = atoi(argv[7]);
	lifetime = atoi(argv[8]);
	accounts = calloc((size_t)count, sizeof *accounts);
	struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons((uint16_t)own_port)};
	target = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)switch_port)};
	wire = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	const int room = 8 << 20;
	setsockopt(wire, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	if (count < 1 || rate < 1 || !accounts || inet_pton(AF_INET, own_ip, &own.sin_addr) != 1 ||
		inet_pton(AF_INET, switch_ip, &target.sin_addr) != 1 || bind(wire, (struct sockaddr *)&own, sizeof own) != 0) {
		perror("phones");
		return 1;
	}
	const uint32_t first_cseq = (uint32_t)time(NULL);
	for (int n = 0; n < count; n++) accounts[n].cseq = first_cseq;
	const double start = now();
	const uint64_t wanted = seconds ? (uint64_t)rate * (uint64_t)seconds : (uint64_t)count;
	double looked = start;
	while (begun < wanted || (done + failed + refused < begun && now() - start < (double)wanted / rate + 10)) {
		const double at = now();
		/* What is due, but no burst when this process was kept waiting. */
		for (int burst = 0; begun < wanted && burst < 20 && (double)begun / rate <= at - start; burst++) {
			const int index = (int)(begun % (uint64_t)count);
			begun++;
			if (accounts[index].waiting) {
				failed++;
				continue;
			}
			accounts[index].waiting = accounts[index].tries = 1;
			accounts[index].cseq++;
			send_register(index, NULL);
		}
		char text[DATAGRAM];
		ssize_t length;
		while ((length = recv(wire, text, sizeof text - 1, 0)) > 0) {
			text[length] = 0;
			answer_received(text);
		}
		if (at - looked > 0.1) {
			looked = at;
			const uint64_t back = begun < (uint64_t)count ? begun : (uint64_t)count - 1;
			send_again((int)((begun - back) % (uint64_t)count), (int)(begun % (uint64_t)count), count);
		}
		struct pollfd readable = {wire, POLLIN, 0};
		poll(&readable, 1, 1);
	}
	printf("{\"begun\": %llu, \"challenged\": %llu, \"registered\": %llu, \"again\": %llu, \"failed\": %llu, \"refused\": %llu, \"seconds\": %.3f}\n",
		(unsigned long long)begun, (unsigned long long)challenged, (unsigned long long)done, (unsigned long long)again,
		(unsigned long long)failed, (unsigned long long)refused, now() - start);
	return 0;
}
