#pragma once
// What the processor's instructions for calls look like: one interface, for x86-64 and arm64.
//
// What is written for arm64 has been compiled and never run.

#include <cstdint>
#include <cstring>

// In assembly: a hidden function called `symbol` that goes on at a fixed address.
#if defined(__x86_64__)
#define CV8_JUMP(symbol, address)                                                                  \
    ".globl " symbol "\n.hidden " symbol "\n.type " symbol ", @function\n" symbol ":\n"            \
    "movabsq $" address ", %r11\njmpq *%r11\n"
#elif defined(__aarch64__)
// The program lies below 4 GiB.
#define CV8_JUMP(symbol, address)                                                                  \
    ".globl " symbol "\n.hidden " symbol "\n.type " symbol ", %function\n" symbol ":\n"            \
    "movz x16, #(" address " & 0xffff)\nmovk x16, #(" address " >> 16), lsl #16\nbr x16\n"
#else
#error "mcp-v8 knows x86-64 and arm64"
#endif

namespace cv8::machine {

// What a jump to anywhere takes, in bytes.
constexpr std::size_t jump_size = 16;

#if defined(__x86_64__)

// What is changed of an instruction that calls, or jumps to, a function.
constexpr std::size_t site_size = 5;

inline uintptr_t target(const unsigned char *site) {
    int32_t distance;
    std::memcpy(&distance, site + 1, sizeof distance);
    return reinterpret_cast<uintptr_t>(site) + site_size + static_cast<uintptr_t>(distance);
}

inline bool is_call(const unsigned char *site) {
    return site[0] == 0xe8 || site[0] == 0xe9;
}

// Precondition: is_call, and `to` is within 2 GiB.
inline void redirect(unsigned char *site, uintptr_t to) {
    auto distance = static_cast<int32_t>(to - (reinterpret_cast<uintptr_t>(site) + site_size));
    std::memcpy(site + 1, &distance, sizeof distance);
}

inline void write_jump(unsigned char *place, uintptr_t to) {
    const unsigned char load[] = {0x49, 0xbb}, jump[] = {0x41, 0xff, 0xe3};
    std::memcpy(place, load, sizeof load);
    std::memcpy(place + 2, &to, sizeof to);
    std::memcpy(place + 10, jump, sizeof jump);
}

#else

constexpr std::size_t site_size = 4;
constexpr uint32_t distance_mask = 0x03ffffff;

inline uint32_t instruction(const unsigned char *site) {
    uint32_t word;
    std::memcpy(&word, site, sizeof word);
    return word;
}

inline uintptr_t target(const unsigned char *site) {
    auto words = static_cast<int32_t>(instruction(site) << 6) >> 6;
    return reinterpret_cast<uintptr_t>(site) + static_cast<uintptr_t>(words * intptr_t{4});
}

// b and bl.
inline bool is_call(const unsigned char *site) {
    return (instruction(site) & 0x7c000000) == 0x14000000;
}

// Precondition: is_call, and `to` is within 128 MiB.
inline void redirect(unsigned char *site, uintptr_t to) {
    auto words = static_cast<intptr_t>(to - reinterpret_cast<uintptr_t>(site)) / 4;
    uint32_t word =
        (instruction(site) & ~distance_mask) | (static_cast<uint32_t>(words) & distance_mask);
    std::memcpy(site, &word, sizeof word);
}

inline void write_jump(unsigned char *place, uintptr_t to) {
    // ldr x16, #8; br x16
    const uint32_t load_and_jump[] = {0x58000050, 0xd61f0200};
    std::memcpy(place, load_and_jump, sizeof load_and_jump);
    std::memcpy(place + sizeof load_and_jump, &to, sizeof to);
}

#endif

} // namespace cv8::machine
