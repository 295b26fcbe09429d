// The digests of FIPS 180-4. The library that V8 comes with has them too, but reads files when it
// starts, which a confined process cannot.

#include "digest.h"

#include <cmath>
#include <cstring>

namespace cv8 {
namespace {

template <typename Word> Word rotated(Word word, int right) {
    return word >> right | word << (sizeof(Word) * 8 - static_cast<size_t>(right));
}

template <typename Word> Word read_word(const uint8_t *bytes) {
    Word word = 0;
    for (size_t index = 0; index < sizeof(Word); index++) word = Word(word << 8) | bytes[index];
    return word;
}

struct SHA1 {
    using Word = uint32_t;
    static constexpr size_t state_count = 5, round_count = 80;
    Word state[state_count] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};

    void add(const uint8_t *block) {
        Word w[round_count];
        for (size_t t = 0; t < 16; t++) w[t] = read_word<Word>(block + t * 4);
        for (size_t t = 16; t < round_count; t++)
            w[t] = rotated(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 31);
        Word a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
        for (size_t t = 0; t < round_count; t++) {
            Word f = t < 20 ? (b & c) ^ (~b & d) : t < 40 || t >= 60 ? b ^ c ^ d
                                                                  : (b & c) ^ (b & d) ^ (c & d);
            static constexpr Word k[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
            Word next = rotated(a, 27) + f + e + k[t / 20] + w[t];
            e = d, d = c, c = rotated(b, 2), b = a, a = next;
        }
        state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
    }
};

// The first bits of the fractional parts of the cube roots of the first primes.
template <typename Word, size_t count> struct RoundConstants {
    Word values[count];

    RoundConstants() {
        for (size_t found = 0, number = 2; found < count; number++) {
            bool is_prime = true;
            for (size_t divisor = 2; divisor * divisor <= number; divisor++)
                is_prime &= number % divisor != 0;
            if (is_prime) values[found++] = fraction_of_cube_root(number);
        }
    }

    // The greatest root whose cube is not over number << 3 * bits, without its integer part.
    static Word fraction_of_cube_root(unsigned __int128 number) {
        constexpr int bits = sizeof(Word) * 8;
        unsigned __int128 root = 0;
        for (int bit = bits + 3; bit >= 0; bit--) {
            unsigned __int128 larger = root | static_cast<unsigned __int128>(1) << bit;
            if (cube_is_at_most(larger, number, bits)) root = larger;
        }
        return static_cast<Word>(root);
    }

    // In limbs of 32 bits, since the cube of 67 bits has 201.
    static bool cube_is_at_most(unsigned __int128 root, unsigned __int128 number, int bits) {
        uint64_t product[8] = {1}, limbs[3];
        for (int index = 0; index < 3; index++) limbs[index] = uint32_t(root >> 32 * index);
        for (int factor = 0; factor < 3; factor++) {
            uint64_t next[8] = {};
            for (int i = 0; i < 8; i++) {
                uint64_t carry = 0;
                for (int j = 0; i + j < 8; j++) {
                    uint64_t sum = next[i + j] + carry + (j < 3 ? product[i] * limbs[j] : 0);
                    next[i + j] = uint32_t(sum), carry = sum >> 32;
                }
            }
            std::memcpy(product, next, sizeof product);
        }
        uint64_t bound[8] = {};
        bound[3 * bits / 32] = static_cast<uint64_t>(number);
        for (int index = 7; index >= 0; index--)
            if (product[index] != bound[index]) return product[index] < bound[index];
        return true;
    }
};

template <typename Wide> struct SHA2 {
    using Word = Wide;
    static constexpr bool is_wide = sizeof(Word) == 8;
    static constexpr size_t state_count = 8, round_count = is_wide ? 80 : 64;
    Word state[state_count];

    static Word mixed(Word x, int a, int b, int c) {
        return rotated(x, a) ^ rotated(x, b) ^ rotated(x, c);
    }
    static Word scheduled(Word x, int a, int b, int shift) {
        return rotated(x, a) ^ rotated(x, b) ^ x >> shift;
    }

    void add(const uint8_t *block) {
        static const RoundConstants<Word, round_count> k;
        Word w[round_count], s[state_count];
        for (size_t t = 0; t < 16; t++) w[t] = read_word<Word>(block + t * sizeof(Word));
        for (size_t t = 16; t < round_count; t++) {
            Word low = is_wide ? scheduled(w[t - 15], 1, 8, 7) : scheduled(w[t - 15], 7, 18, 3);
            Word high = is_wide ? scheduled(w[t - 2], 19, 61, 6) : scheduled(w[t - 2], 17, 19, 10);
            w[t] = high + w[t - 7] + low + w[t - 16];
        }
        std::memcpy(s, state, sizeof s);
        for (size_t t = 0; t < round_count; t++) {
            Word high = is_wide ? mixed(s[4], 14, 18, 41) : mixed(s[4], 6, 11, 25);
            Word low = is_wide ? mixed(s[0], 28, 34, 39) : mixed(s[0], 2, 13, 22);
            Word first = s[7] + high + ((s[4] & s[5]) ^ (~s[4] & s[6])) + k.values[t] + w[t];
            Word second = low + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
            std::memmove(s + 1, s, sizeof s - sizeof *s);
            s[4] += first;
            s[0] = first + second;
        }
        for (size_t index = 0; index < state_count; index++) state[index] += s[index];
    }
};

// Pads the bytes, adds all blocks, and writes as much of the state as the digest has.
template <typename Function>
size_t run(Function function, const uint8_t *bytes, size_t count, uint8_t *result, size_t length) {
    using Word = typename Function::Word;
    constexpr size_t block_size = sizeof(Word) * 16, length_size = sizeof(Word) * 2;
    size_t position = 0;
    for (; count - position >= block_size; position += block_size) function.add(bytes + position);
    uint8_t last[block_size * 2] = {};
    size_t rest = count - position;
    if (rest > 0) std::memcpy(last, bytes + position, rest);
    last[rest] = 0x80;
    size_t padded = rest + 1 + length_size > block_size ? block_size * 2 : block_size;
    uint64_t bit_count = static_cast<uint64_t>(count) * 8;
    for (size_t index = 0; index < 8; index++)
        last[padded - 1 - index] = static_cast<uint8_t>(bit_count >> index * 8);
    for (size_t start = 0; start < padded; start += block_size) function.add(last + start);
    for (size_t index = 0; index < length; index++) {
        size_t shift = (sizeof(Word) - 1 - index % sizeof(Word)) * 8;
        result[index] = static_cast<uint8_t>(function.state[index / sizeof(Word)] >> shift);
    }
    return length;
}

} // namespace

size_t digest(
    const std::string &algorithm, const uint8_t *bytes, size_t byte_count,
    uint8_t result[digest_byte_count_max]
) {
    if (algorithm == "SHA-1") return run(SHA1(), bytes, byte_count, result, 20);
    if (algorithm == "SHA-256") {
        SHA2<uint32_t> function{
            {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab,
             0x5be0cd19}};
        return run(function, bytes, byte_count, result, 32);
    }
    if (algorithm == "SHA-384") {
        SHA2<uint64_t> function{
            {0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
             0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4}};
        return run(function, bytes, byte_count, result, 48);
    }
    if (algorithm == "SHA-512") {
        SHA2<uint64_t> function{
            {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
             0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179}};
        return run(function, bytes, byte_count, result, 64);
    }
    return 0;
}

} // namespace cv8
