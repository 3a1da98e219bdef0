/// Byte searches that need vector instructions, which Swift cannot express as bit masks.
/// Everything is `static inline`: the calls vanish into their Swift callers.
/// All functions read exactly the `n` bytes that they are given, never past them.
#ifndef C_BYTE_SCAN_H
#define C_BYTE_SCAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// Index of the first byte equal to `a` or `b`, or `n` when there is none.
static inline size_t cbs_find2(const uint8_t *_Nonnull p, size_t n, uint8_t a, uint8_t b)
{
	size_t i = 0;
#if defined(__SSE2__)
	const __m128i va = _mm_set1_epi8((char)a), vb = _mm_set1_epi8((char)b);
	for (; i + 16 <= n; i += 16) {
		const __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		const int hit = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(x, va), _mm_cmpeq_epi8(x, vb)));
		if (hit)
			return i + (size_t)__builtin_ctz((unsigned)hit);
	}
#endif
	for (; i < n; i++)
		if (p[i] == a || p[i] == b)
			return i;
	return n;
}

/// Index of the first byte equal to `a`, or `n` when there is none.
static inline size_t cbs_find(const uint8_t *_Nonnull p, size_t n, uint8_t a)
{
	return cbs_find2(p, n, a, a);
}

/// Index of the first control byte (below 0x20, or 0x7F) other than HTAB, or `n`.
static inline size_t cbs_find_control(const uint8_t *_Nonnull p, size_t n)
{
	size_t i = 0;
#if defined(__SSE2__)
	const __m128i limit = _mm_set1_epi8(0x1F), tab = _mm_set1_epi8(0x09), del = _mm_set1_epi8(0x7F);
	for (; i + 16 <= n; i += 16) {
		const __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(x, limit), x);
		const __m128i bad = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(x, tab), low), _mm_cmpeq_epi8(x, del));
		const int hit = _mm_movemask_epi8(bad);
		if (hit)
			return i + (size_t)__builtin_ctz((unsigned)hit);
	}
#endif
	for (; i < n; i++)
		if ((p[i] < 0x20 && p[i] != 0x09) || p[i] == 0x7F)
			return i;
	return n;
}

/// ASCII lower case of one byte; bytes outside A-Z are returned unchanged.
static inline uint8_t cbs_lower(uint8_t c)
{
	return (uint8_t)(c - 'A') < 26 ? (uint8_t)(c | 0x20) : c;
}

/// Whether two strings of `n` bytes are equal.
static inline int cbs_equal(const uint8_t *_Nonnull p, const uint8_t *_Nonnull q, size_t n)
{
	return memcmp(p, q, n) == 0;
}

/// Whether two strings of `n` bytes are equal when ASCII case is ignored.
static inline int cbs_equal_ignoring_case(const uint8_t *_Nonnull p, const uint8_t *_Nonnull q, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != q[i] && cbs_lower(p[i]) != cbs_lower(q[i]))
			return 0;
	return 1;
}

static inline uint64_t cbs_fold(uint64_t a, uint64_t b)
{
	const unsigned __int128 m = (unsigned __int128)a * b;
	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/// A seeded 64-bit hash for tables that strangers can put keys into. Not cryptographic: the seed
/// is drawn at start so that nobody outside can choose colliding keys in advance.
static inline uint64_t cbs_hash(const uint8_t *_Nonnull p, size_t n, uint64_t seed)
{
	const uint64_t k0 = 0x9E3779B97F4A7C15ull, k1 = 0xD1B54A32D192ED03ull;
	uint64_t h = seed ^ cbs_fold(n ^ k0, k1), a, b;
	size_t i = 0;
	for (; i + 16 <= n; i += 16) {
		memcpy(&a, p + i, 8);
		memcpy(&b, p + i + 8, 8);
		h = cbs_fold(a ^ h ^ k0, b ^ k1);
	}
	a = b = 0;
	if (n - i >= 8) {
		memcpy(&a, p + i, 8);
		i += 8;
	}
	memcpy(&b, p + i, n - i);
	return cbs_fold(cbs_fold(a ^ h ^ k1, b ^ k0) ^ seed, k0 ^ n);
}

#endif
