#define _GNU_SOURCE
#include "CSys.h"

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

// The largest message that DNS allows.
#define MESSAGE 65535
// The strings of a record: a name and what NAPTR adds to it. Longer ones are not for SIP: the record is left out.
#define NAME_TEXT 256
#define FLAGS_TEXT 8
#define SERVICE_TEXT 32

struct record_text {
	char name[NAME_TEXT];
	char flags[FLAGS_TEXT];
	char service[SERVICE_TEXT];
};

struct csys_answer {
	enum csys_lookup_outcome outcome;
	int64_t ttl;
	int count;
	struct csys_record records[CSYS_RECORDS];
	struct record_text texts[CSYS_RECORDS];
	unsigned char message[MESSAGE];
};

// Settings ----------------------------------------------------------------------------------------

// Puts the servers in place of those of /etc/resolv.conf. The library keeps IPv6 addresses in memory of
// its own, which it frees with the state.
static int set_servers(res_state state, const struct csys_lookup_settings *settings)
{
	for (int i = 0; i < MAXNS; i++) {
		free(state->_u._ext.nsaddrs[i]);
		state->_u._ext.nsaddrs[i] = NULL;
		state->_u._ext.nssocks[i] = -1;
	}
	state->_u._ext.nscount = 0;
	state->nscount = 0;
	memset(state->nsaddr_list, 0, sizeof state->nsaddr_list);
	for (int i = 0; i < settings->server_count && i < MAXNS; i++) {
		const struct csys_address *server = &settings->servers[i];
		if (server->is_ipv6) {
			struct sockaddr_in6 *address = calloc(1, sizeof *address);
			if (!address)
				return -1;
			const uint64_t high = htobe64(server->high), low = htobe64(server->low);
			address->sin6_family = AF_INET6;
			address->sin6_port = htons(server->port);
			memcpy(address->sin6_addr.s6_addr, &high, 8);
			memcpy(address->sin6_addr.s6_addr + 8, &low, 8);
			state->_u._ext.nsaddrs[i] = address;
		} else {
			state->nsaddr_list[i] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(server->port)};
			state->nsaddr_list[i].sin_addr.s_addr = htonl((uint32_t)server->low);
		}
		state->nscount = i + 1;
	}
	return 0;
}

// Reading -----------------------------------------------------------------------------------------

// Expands the name at `at`, in lower case. Returns its length in the message, or -1; `is_short` says
// whether it fits.
static int read_name(const ns_msg *message, const unsigned char *at, char text[NAME_TEXT], int *is_short)
{
	char expanded[NS_MAXDNAME];
	const int length = dn_expand(ns_msg_base(*message), ns_msg_end(*message), at, expanded, sizeof expanded);
	if (length < 0)
		return -1;
	const size_t n = strlen(expanded);
	*is_short = n < NAME_TEXT;
	if (!*is_short)
		return length;
	for (size_t i = 0; i <= n; i++)
		text[i] = expanded[i] >= 'A' && expanded[i] <= 'Z' ? (char)(expanded[i] + 32) : expanded[i];
	if (n == 1 && text[0] == '.')
		text[0] = '\0';
	return length;
}

// Reads a character string (RFC 1035, section 3.3). Returns its length with its count byte, or -1;
// `text` may be NULL.
static int read_string(const unsigned char *at, const unsigned char *end, char *text, size_t room, int *is_short)
{
	if (at >= end || end - at < 1 + at[0])
		return -1;
	if (text) {
		if (at[0] >= room || memchr(at + 1, 0, at[0])) {
			*is_short = 0;
		} else {
			memcpy(text, at + 1, at[0]);
			text[at[0]] = '\0';
		}
	}
	return 1 + at[0];
}

static uint16_t read_16(const unsigned char *at) { return (uint16_t)(at[0] << 8 | at[1]); }

static int read_naptr(const ns_msg *message, const ns_rr *rr, struct csys_record *record, struct record_text *text)
{
	const unsigned char *at = ns_rr_rdata(*rr), *const end = at + ns_rr_rdlen(*rr);
	int is_short = 1, n;
	if (end - at < 4)
		return 0;
	record->rank = read_16(at);
	record->share = read_16(at + 2);
	at += 4;
	if ((n = read_string(at, end, text->flags, FLAGS_TEXT, &is_short)) < 0)
		return 0;
	at += n;
	if ((n = read_string(at, end, text->service, SERVICE_TEXT, &is_short)) < 0)
		return 0;
	at += n;
	if ((n = read_string(at, end, NULL, 0, &is_short)) < 0)
		return 0;
	record->has_regexp = n > 1;
	at += n;
	int fits = 0;
	return at < end && read_name(message, at, text->name, &fits) >= 0 && fits && is_short;
}

static int read_srv(const ns_msg *message, const ns_rr *rr, struct csys_record *record, struct record_text *text)
{
	const unsigned char *at = ns_rr_rdata(*rr);
	int fits = 0;
	if (ns_rr_rdlen(*rr) < 7)
		return 0;
	record->rank = read_16(at);
	record->share = read_16(at + 2);
	record->port = read_16(at + 4);
	return read_name(message, at + 6, text->name, &fits) >= 0 && fits;
}

static int read_address(const ns_rr *rr, int type, struct csys_record *record)
{
	uint64_t words[2];
	uint32_t word;
	if (type == ns_t_a && ns_rr_rdlen(*rr) == 4) {
		memcpy(&word, ns_rr_rdata(*rr), 4);
		record->address = (struct csys_address){.low = ntohl(word)};
		return 1;
	}
	if (type == ns_t_aaaa && ns_rr_rdlen(*rr) == 16) {
		memcpy(words, ns_rr_rdata(*rr), 16);
		record->address = (struct csys_address){be64toh(words[0]), be64toh(words[1]), 0, 1};
		return 1;
	}
	return 0;
}

static void keep_smallest(int64_t *ttl, uint32_t seconds)
{
	const int64_t bounded = seconds > INT32_MAX ? 0 : seconds; // RFC 2181, section 8
	if (*ttl < 0 || bounded < *ttl)
		*ttl = bounded;
}

// Reads the records of `type` that belong to the question's name or to an alias of it.
static void read_records(struct csys_answer *answer, ns_msg *message, int type)
{
	char owner[NS_MAXDNAME];
	ns_rr rr;
	int64_t ttl = -1;
	if (ns_msg_count(*message, ns_s_qd) != 1 || ns_parserr(message, ns_s_qd, 0, &rr) < 0)
		return;
	strncpy(owner, ns_rr_name(rr), sizeof owner - 1);
	owner[sizeof owner - 1] = '\0';
	for (int i = 0; i < ns_msg_count(*message, ns_s_an) && answer->count < CSYS_RECORDS; i++) {
		if (ns_parserr(message, ns_s_an, i, &rr) < 0)
			return;
		if (ns_rr_class(rr) != ns_c_in || strcasecmp(ns_rr_name(rr), owner) != 0)
			continue;
		if (ns_rr_type(rr) == ns_t_cname) {
			char target[NS_MAXDNAME];
			if (dn_expand(ns_msg_base(*message), ns_msg_end(*message), ns_rr_rdata(rr), target, sizeof target) < 0)
				return;
			memcpy(owner, target, strlen(target) + 1);
			keep_smallest(&ttl, ns_rr_ttl(rr));
			continue;
		}
		if ((int)ns_rr_type(rr) != type)
			continue;
		struct csys_record *record = &answer->records[answer->count];
		struct record_text *text = &answer->texts[answer->count];
		*record = (struct csys_record){.name = text->name, .flags = text->flags, .service = text->service};
		memset(text, 0, sizeof *text);
		const int is_whole = type == ns_t_naptr ? read_naptr(message, &rr, record, text)
			: type == ns_t_srv ? read_srv(message, &rr, record, text)
			: read_address(&rr, type, record);
		if (!is_whole)
			continue;
		keep_smallest(&ttl, ns_rr_ttl(rr));
		answer->count++;
	}
	if (answer->count > 0)
		answer->ttl = ttl;
}

// How long an absence holds: the smaller of the SOA record's time to live and its last field (RFC 2308, section 5).
static void read_absence(struct csys_answer *answer, ns_msg *message)
{
	for (int i = 0; i < ns_msg_count(*message, ns_s_ns); i++) {
		ns_rr rr;
		if (ns_parserr(message, ns_s_ns, i, &rr) < 0)
			return;
		if (ns_rr_type(rr) != ns_t_soa || ns_rr_rdlen(rr) < 22)
			continue;
		keep_smallest(&answer->ttl, ns_rr_ttl(rr));
		keep_smallest(&answer->ttl, ns_get32(ns_rr_rdata(rr) + ns_rr_rdlen(rr) - 4));
		return;
	}
}

static void read_message(struct csys_answer *answer, int length, int type)
{
	ns_msg message;
	if (ns_initparse(answer->message, length, &message) < 0) {
		answer->outcome = CSYS_LOOKUP_REFUSED;
		return;
	}
	switch (ns_msg_getflag(message, ns_f_rcode)) {
	case ns_r_noerror:
		read_records(answer, &message, type);
		answer->outcome = answer->count > 0 ? CSYS_LOOKUP_RECORDS : CSYS_LOOKUP_NO_DATA;
		break;
	case ns_r_nxdomain:
		answer->outcome = CSYS_LOOKUP_NO_NAME;
		break;
	default:
		answer->outcome = CSYS_LOOKUP_REFUSED;
		return;
	}
	if (answer->count == 0)
		read_absence(answer, &message);
}

// Asking ------------------------------------------------------------------------------------------

static void ask(res_state state, struct csys_answer *answer, const char *name, int type)
{
	unsigned char query[NS_PACKETSZ + NS_MAXCDNAME];
	answer->count = 0;
	answer->ttl = -1;
	const int length = res_nmkquery(state, ns_o_query, name, ns_c_in, type, NULL, 0, NULL, query, sizeof query);
	if (length < 0) { // a name that no message can carry
		answer->outcome = CSYS_LOOKUP_NO_NAME;
		return;
	}
	memset(answer->message, 0, NS_HFIXEDSZ);
	const int received = res_nsend(state, query, length, answer->message, MESSAGE);
	if (received >= NS_HFIXEDSZ) {
		read_message(answer, received, type);
		return;
	}
	// The library says no more than that it failed, but leaves the last answer, if there was one, in the
	// buffer: its QR bit and return code tell a refusal from silence.
	const int is_refusal = (answer->message[2] & 0x80) != 0 && (answer->message[3] & 0x0F) != 0;
	answer->outcome = is_refusal ? CSYS_LOOKUP_REFUSED : CSYS_LOOKUP_SILENCE;
}

struct csys_answer *csys_look_up(const char *name, int type, const struct csys_lookup_settings *settings)
{
	struct csys_answer *answer = malloc(sizeof *answer);
	if (!answer)
		return NULL;
	answer->outcome = CSYS_LOOKUP_SILENCE;
	answer->ttl = -1;
	answer->count = 0;
	struct __res_state state;
	memset(&state, 0, sizeof state);
	// Done for each question, since the file may have changed; the library keeps what it read before.
	if (res_ninit(&state) < 0)
		return answer;
	state.retrans = settings->seconds;
	state.retry = settings->tries;
	if (settings->server_count == 0 || set_servers(&state, settings) == 0)
		ask(&state, answer, name, type);
	res_nclose(&state);
	return answer;
}

int csys_search_domain(int i, char *text, size_t room)
{
	struct __res_state state;
	memset(&state, 0, sizeof state);
	if (res_ninit(&state) < 0)
		return 0;
	const char *domain = i >= 0 && i < MAXDNSRCH ? state.dnsrch[i] : NULL;
	const int is_there = domain && strlen(domain) < room;
	if (is_there)
		strcpy(text, domain);
	res_nclose(&state);
	return is_there;
}

void csys_answer_free(struct csys_answer *answer) { free(answer); }
enum csys_lookup_outcome csys_answer_outcome(const struct csys_answer *answer) { return answer->outcome; }
int64_t csys_answer_ttl(const struct csys_answer *answer) { return answer->ttl; }
int csys_answer_count(const struct csys_answer *answer) { return answer->count; }
const struct csys_record *csys_answer_record(const struct csys_answer *answer, int i) { return &answer->records[i]; }
