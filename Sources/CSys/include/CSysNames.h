/// Questions to the name servers, by the system's resolver library (libresolv): it knows
/// /etc/resolv.conf, tries each name server in turn, checks that an answer belongs to its question, and
/// asks again by TCP when an answer is truncated.
#ifndef C_SYS_NAMES_H
#define C_SYS_NAMES_H

#include <stddef.h>
#include <stdint.h>

/// Most name servers that the library uses.
#define CSYS_NAME_SERVERS 3
/// Most records taken from one answer.
#define CSYS_RECORDS 64

enum csys_lookup_outcome {
	/// There is at least one record.
	CSYS_LOOKUP_RECORDS,
	/// The name does not exist.
	CSYS_LOOKUP_NO_NAME,
	/// The name has no record of this type.
	CSYS_LOOKUP_NO_DATA,
	/// The name servers answered that they cannot or will not answer.
	CSYS_LOOKUP_REFUSED,
	/// No name server answered.
	CSYS_LOOKUP_SILENCE,
};

/// Whom to ask, and how long to wait.
struct csys_lookup_settings {
	/// Name servers in the order to try them; a count of 0 means those of /etc/resolv.conf.
	struct csys_address servers[CSYS_NAME_SERVERS];
	int server_count;
	/// Seconds until the first try is over; each further try waits twice as long, shared by the servers.
	int seconds;
	/// How many times each server is asked.
	int tries;
};

/// One record of the type asked for. The strings live as long as the answer.
struct csys_record {
	/// A, AAAA; the port is 0.
	struct csys_address address;
	/// SRV: priority and weight. NAPTR: order and preference.
	uint16_t rank;
	uint16_t share;
	/// SRV.
	uint16_t port;
	/// NAPTR.
	uint16_t has_regexp;
	/// SRV: the target. NAPTR: the replacement. Empty for the root.
	const char *_Nonnull name;
	/// NAPTR.
	const char *_Nonnull flags;
	const char *_Nonnull service;
};

struct csys_answer;

/// Asks for the records of one type (its number on the wire) and waits for the answer: at most
/// `seconds` * (2 to the power of `tries`, less 1) for one server. May be called on several threads at
/// once. NULL without memory.
struct csys_answer *_Nullable csys_look_up(const char *_Nonnull name, int type, const struct csys_lookup_settings *_Nonnull settings);
void csys_answer_free(struct csys_answer *_Nonnull answer);
enum csys_lookup_outcome csys_answer_outcome(const struct csys_answer *_Nonnull answer);
/// Seconds that the answer holds: the smallest time to live of the records and the aliases that led to
/// them; of an absence what the zone's SOA record says; -1 when nothing says it.
int64_t csys_answer_ttl(const struct csys_answer *_Nonnull answer);
int csys_answer_count(const struct csys_answer *_Nonnull answer);
const struct csys_record *_Nonnull csys_answer_record(const struct csys_answer *_Nonnull answer, int i);

/// Copies domain `i` of those in which /etc/resolv.conf says to search names; 0 when there is none.
int csys_search_domain(int i, char *_Nonnull text, size_t room);

#endif
