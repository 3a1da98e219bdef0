/*
 * The upstream of the registration bench: a registrar that is never the bottleneck.
 *
 *   registrar LISTEN_IP PORT LARGEST_LIFETIME
 *
 * REGISTER without credentials for our nonce gets 401 (qop auth); with them, 200 with the Contact and the granted
 * lifetime. It checks that username, nonce and response are there and that the nonce count rises, not the hash:
 * that is the registrar's work and no cost of the switch under test. One binding per address-of-record. A datagram
 * "counts" is answered by what was counted, as JSON. Ends on SIGTERM or SIGINT.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, DATAGRAM = 4096, SLOTS = 1 << 17, MOST_VIAS = 8 };

struct binding {
	uint64_t user, call_id; /* hashes; user 0: the slot is free */
	uint32_t cseq, nonce_count;
	double until;
};

static struct binding bindings[SLOTS];
static uint64_t registers, challenges, granted, withdrawn, repeated, other_call_id, old_nonce_count, malformed;
static int longest;
static volatile sig_atomic_t stopping;

static void stop(int signal_number)
{
	(void)signal_number;
	stopping = 1;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct text {
	const char *start;
	size_t length;
};

static uint64_t hash(struct text text)
{
	uint64_t h = 1469598103934665603ull;

	for (size_t i = 0; i < text.length; i++) h = (h ^ (unsigned char)text.start[i]) * 1099511628211ull;
	return h ? h : 1;
}

static struct binding *find(uint64_t user)
{
	size_t at = user % SLOTS;

	for (size_t tried = 0; tried < SLOTS; tried++, at = (at + 1) % SLOTS)
		if (bindings[at].user == user || bindings[at].user == 0) return &bindings[at];
	return NULL;
}

static int is(struct text name, const char *full, const char *compact)
{
	return (name.length == strlen(full) && strncasecmp(name.start, full, name.length) == 0) ||
		(compact && name.length == 1 && (name.start[0] | 32) == compact[0]);
}

/* The value of NAME=... in a field's value, without quotes; empty when there is none. */
static struct text parameter(struct text value, const char *name)
{
	const size_t length = strlen(name);
	const char *end = value.start + value.length;

	for (const char *at = value.start; at + length < end; at++) {
		if (strncasecmp(at, name, length) != 0 || at[length] != '=') continue;
		if (at > value.start && !strchr(" ,;\t", at[-1])) continue;
		const char *first = at + length + 1;
		const char *last = first;
		if (first < end && *first == '"') {
			first++;
			for (last = first; last < end && *last != '"'; last++) {}
		} else {
			for (; last < end && !strchr(" ,;\t>", *last); last++) {}
		}
		return (struct text){first, (size_t)(last - first)};
	}
	return (struct text){value.start, 0};
}

struct request {
	struct text vias[MOST_VIAS], from, to, call_id, cseq, contact, credentials, expires, user;
	int via_count;
};

static int read_request(const char *data, size_t length, struct request *request)
{
	const char *end = data + length;
	const char *line = memchr(data, '\n', length);

	memset(request, 0, sizeof *request);
	if (length < 9 || memcmp(data, "REGISTER ", 9) != 0 || !line) return 0;
	for (line++; line < end && *line != '\r'; ) {
		const char *stop_at = memchr(line, '\n', (size_t)(end - line));
		const char *colon = memchr(line, ':', (size_t)(end - line));
		if (!stop_at || !colon || colon > stop_at) return 0;
		const struct text name = {line, (size_t)(colon - line)};
		const char *first = colon + 1;
		while (first < stop_at && *first == ' ') first++;
		const char *last = stop_at;
		while (last > first && (last[-1] == '\r' || last[-1] == ' ')) last--;
		const struct text value = {first, (size_t)(last - first)};
		if (is(name, "Via", "v")) {
			if (request->via_count < MOST_VIAS) request->vias[request->via_count++] = value;
		} else if (is(name, "From", "f")) request->from = value;
		else if (is(name, "To", "t")) request->to = value;
		else if (is(name, "Call-ID", "i")) request->call_id = value;
		else if (is(name, "CSeq", NULL)) request->cseq = value;
		else if (is(name, "Contact", "m")) request->contact = value;
		else if (is(name, "Authorization", NULL)) request->credentials = value;
		else if (is(name, "Expires", NULL)) request->expires = value;
		line = stop_at + 1;
	}
	const char *sip = memmem(request->to.start, request->to.length, "sip:", 4);
	if (!sip || !request->via_count || !request->from.length || !request->call_id.length || !request->cseq.length ||
		!request->contact.length)
		return 0;
	const char *at = memchr(sip, '@', (size_t)(request->to.start + request->to.length - sip));
	if (!at) return 0;
	request->user = (struct text){sip + 4, (size_t)(at - sip - 4)};
	return 1;
}

static size_t put(char *out, size_t at, const char *text, size_t length)
{
	if (at + length > DATAGRAM) return at;
	memcpy(out + at, text, length);
	return at + length;
}

static size_t put_field(char *out, size_t at, const char *name, struct text value)
{
	at = put(out, at, name, strlen(name));
	at = put(out, at, value.start, value.length);
	return put(out, at, "\r\n", 2);
}

/* The lines that every response takes from its request. */
static size_t begin(char *out, const char *line, const struct request *request)
{
	size_t at = put(out, 0, line, strlen(line));

	for (int i = 0; i < request->via_count; i++) at = put_field(out, at, "Via: ", request->vias[i]);
	at = put_field(out, at, "From: ", request->from);
	at = put_field(out, at, "To: ", request->to) - 2;
	at = put(out, at, ";tag=r\r\n", 8);
	at = put_field(out, at, "Call-ID: ", request->call_id);
	return put_field(out, at, "CSeq: ", request->cseq);
}

static size_t answer(const struct request *request, double at_time, char *out)
{
	char fields[512];
	struct binding *binding = find(hash(request->user));
	const uint32_t cseq = (uint32_t)strtoul(request->cseq.start, NULL, 10);
	const uint64_t call_id = hash(request->call_id);

	registers++;
	if (!binding) return 0;
	const struct text nonce = parameter(request->credentials, "nonce"), count = parameter(request->credentials, "nc");
	const int right = nonce.length == 6 && memcmp(nonce.start, "bench-", 6) == 0 &&
		parameter(request->credentials, "response").length >= 32 && parameter(request->credentials, "username").length > 0;
	if (!right) {
		challenges++;
		size_t at = begin(out, "SIP/2.0 401 Unauthorized\r\n", request);
		const int n = snprintf(fields, sizeof fields,
			"WWW-Authenticate: Digest realm=\"bench.example.net\", nonce=\"bench-\", qop=\"auth\"\r\nContent-Length: 0\r\n\r\n");
		return put(out, at, fields, (size_t)n);
	}
	struct text asked = parameter(request->contact, "expires");
	if (asked.length == 0) asked = request->expires;
	long lifetime = asked.length ? strtol(asked.start, NULL, 10) : longest;
	if (lifetime > longest) lifetime = longest;
	/* A request that came again gets its answer again; only the first counts. */
	const int again = binding->user && binding->call_id == call_id && cseq == binding->cseq;
	repeated += (uint64_t)again;
	if (binding->user && binding->until > at_time && !again) {
		if (binding->call_id != call_id) other_call_id++;
		else {
			const uint32_t nonce_count = (uint32_t)strtoul(count.start, NULL, 16);
			/* A client may begin anew at 1 after a challenge; going on, it must rise. */
			if (nonce_count != 1 && nonce_count <= binding->nonce_count) old_nonce_count++;
		}
	}
	binding->user = hash(request->user);
	binding->call_id = call_id;
	binding->cseq = cseq;
	binding->nonce_count = count.length ? (uint32_t)strtoul(count.start, NULL, 16) : 0;
	size_t at = begin(out, "SIP/2.0 200 OK\r\n", request);
	if (lifetime > 0) {
		granted += !again;
		binding->until = at_time + (double)lifetime;
		const char *close = memchr(request->contact.start, '>', request->contact.length);
		const struct text uri = {request->contact.start, close ? (size_t)(close - request->contact.start) + 1 : request->contact.length};
		at = put_field(out, at, "Contact: ", uri) - 2;
		const int n = snprintf(fields, sizeof fields, ";expires=%ld\r\n", lifetime);
		at = put(out, at, fields, (size_t)n);
	} else {
		withdrawn += !again;
		binding->until = 0;
	}
	return put(out, at, "Content-Length: 0\r\n\r\n", 21);
}

static size_t counts(double at_time, char *out)
{
	unsigned standing = 0, known = 0;

	for (size_t i = 0; i < SLOTS; i++) {
		known += bindings[i].user != 0;
		standing += bindings[i].user != 0 && bindings[i].until > at_time;
	}
	return (size_t)snprintf(out, DATAGRAM,
		"{\"standing\": %u, \"known\": %u, \"registers\": %llu, \"challenges\": %llu, \"granted\": %llu, \"withdrawn\": %llu, "
		"\"repeated\": %llu, \"otherCallID\": %llu, \"oldNonceCount\": %llu, \"malformed\": %llu}",
		standing, known, (unsigned long long)registers, (unsigned long long)challenges, (unsigned long long)granted,
		(unsigned long long)withdrawn, (unsigned long long)repeated, (unsigned long long)other_call_id,
		(unsigned long long)old_nonce_count, (unsigned long long)malformed);
}

int main(int argc, char **argv)
{
	static char in[BATCH][DATAGRAM], out[BATCH][DATAGRAM];
	static struct sockaddr_in peers[BATCH];
	static struct iovec in_parts[BATCH], out_parts[BATCH];
	static struct mmsghdr in_messages[BATCH], out_messages[BATCH];
	struct sockaddr_in local = {.sin_family = AF_INET};
	const struct sigaction action = {.sa_handler = stop};
	const int buffer = 8 << 20;

	if (argc != 4 || inet_pton(AF_INET, argv[1], &local.sin_addr) != 1) {
		fprintf(stderr, "usage: registrar LISTEN_IP PORT LARGEST_LIFETIME\n");
		return 2;
	}
	local.sin_port = htons((unsigned short)atoi(argv[2]));
	longest = atoi(argv[3]);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&local, sizeof local) != 0) {
		perror("registrar: bind");
		return 1;
	}
	/* Beyond the system's limit where we may: a burst must not be lost here. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
	while (!stopping) {
		for (int i = 0; i < BATCH; i++) {
			in_parts[i] = (struct iovec){in[i], DATAGRAM};
			in_messages[i].msg_hdr = (struct msghdr){.msg_name = &peers[i], .msg_namelen = sizeof peers[i], .msg_iov = &in_parts[i], .msg_iovlen = 1};
		}
		const int received = recvmmsg(fd, in_messages, BATCH, MSG_WAITFORONE, NULL);
		if (received < 0) {
			if (errno == EINTR || errno == ECONNREFUSED) continue;
			perror("registrar: recvmmsg");
			return 1;
		}
		const double at_time = now();
		int answers = 0;
		for (int i = 0; i < received; i++) {
			struct request request;
			const size_t length = in_messages[i].msg_len;
			size_t said = 0;
			if (length == 6 && memcmp(in[i], "counts", 6) == 0) said = counts(at_time, out[answers]);
			else if (read_request(in[i], length, &request)) said = answer(&request, at_time, out[answers]);
			else if (length > 4) malformed++;
			if (said == 0) continue;
			out_parts[answers] = (struct iovec){out[answers], said};
			out_messages[answers].msg_hdr = (struct msghdr){
				.msg_name = &peers[i], .msg_namelen = sizeof peers[i], .msg_iov = &out_parts[answers], .msg_iovlen = 1};
			answers++;
		}
		for (int sent = 0; sent < answers; ) {
			const int n = sendmmsg(fd, out_messages + sent, (unsigned)(answers - sent), 0);
			if (n < 0 && errno != EINTR) break;
			if (n > 0) sent += n;
		}
	}
	return 0;
}
