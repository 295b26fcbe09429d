// Leads calls of some of V8's functions to ours. A call has the distance to its function in it,
// which is rewritten so that it leads to a jump in a page of our own beside the program.

#include "places.h"
#include "build.h"
#include "machine.h"
#include "table.h"

#include <cstring>
#include <iterator>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#define required true
#define optional false

#define FUNCTION(name, need, symbol, why, proof)
#define OFFSET(name, need, value, why, proof)
#define FLAG(need, text, why, proof)

// What takes the calls.
#define CALLS(name, need, symbol, caller, why, proof) extern "C" void cv8_instead_of_##name();
#include "entries.def"
#undef CALLS

namespace {

struct Function {
    const char *name;
    bool is_required;
    uintptr_t address;
    const char *first_bytes;
    size_t byte_count;
};

#undef FUNCTION
#define FUNCTION(name, need, symbol, why, proof)                                                   \
    {#name, need, CV8_ADDRESS_##name, CV8_BYTES_##name, sizeof CV8_BYTES_##name - 1},
#define CALLS(name, need, symbol, caller, why, proof) FUNCTION(name, need, symbol, why, proof)
constexpr Function functions[] = {
#include "entries.def"
};
#undef FUNCTION
#undef CALLS

// Ends with 0, and has nothing else in it where the engine does not call the function.
#define FUNCTION(name, need, symbol, why, proof)
#define CALLS(name, need, symbol, caller, why, proof)                                              \
    constexpr uintptr_t name##_sites[] = {CV8_SITES_##name, 0};
#include "entries.def"
#undef CALLS

struct Replaced {
    const char *name;
    uintptr_t address;
    const uintptr_t *sites;
    void (*instead)();
};

#define CALLS(name, need, symbol, caller, why, proof)                                              \
    {#name, CV8_ADDRESS_##name, name##_sites, cv8_instead_of_##name},
constexpr Replaced replaced[] = {
#include "entries.def"
};

struct Part {
    uintptr_t start, end;
};
constexpr Part parts[] = {CV8_RANGES};

// Below the program, as near as calls must be; nothing else asks for it.
constexpr uintptr_t jumps_address = 0x3f0000;
constexpr size_t jumps_size = 4096;
static_assert(sizeof replaced / sizeof *replaced * cv8::machine::jump_size <= jumps_size);

size_t led_count = 0;

unsigned char *at(uintptr_t address) {
    return reinterpret_cast<unsigned char *>(address);
}

template <typename Visit> bool for_each_site(const Visit &visit) {
    for (const auto &function : replaced) {
        for (const uintptr_t *site = function.sites; *site; site++) {
            if (!visit(function, at(*site))) return false;
        }
    }
    return true;
}

// What of the table is not so here; null if all is.
const char *difference() {
    for (const auto &function : functions) {
        if (!function.address && !function.is_required) continue;
        if (!function.address
            || std::memcmp(at(function.address), function.first_bytes, function.byte_count) != 0)
            return function.name;
    }
    const char *wrong = nullptr;
    for_each_site([&](const Replaced &function, unsigned char *site) {
        bool is_right =
            cv8::machine::is_call(site) && cv8::machine::target(site) == function.address;
        if (!is_right) wrong = function.name;
        return is_right;
    });
    return wrong;
}

// The page with the jumps to what is ours; null if the kernel refuses it.
unsigned char *make_jumps() {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    void *page = mmap(at(jumps_address), jumps_size, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (page != at(jumps_address)) return nullptr;
    auto *place = static_cast<unsigned char *>(page);
    for (const auto &function : replaced) {
        cv8::machine::write_jump(place, reinterpret_cast<uintptr_t>(function.instead));
        place += cv8::machine::jump_size;
    }
    bool is_code = mprotect(page, jumps_size, PROT_READ | PROT_EXEC) == 0;
    auto *start = static_cast<char *>(page);
    __builtin___clear_cache(start, start + jumps_size);
    return is_code ? static_cast<unsigned char *>(page) : nullptr;
}

bool redirect(unsigned char *site, uintptr_t to) {
    uintptr_t page_size = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    uintptr_t start = reinterpret_cast<uintptr_t>(site) & ~(page_size - 1);
    size_t size = reinterpret_cast<uintptr_t>(site) + cv8::machine::site_size - start;
    if (mprotect(at(start), size, PROT_READ | PROT_WRITE) != 0) return false;
    cv8::machine::redirect(site, to);
    auto *code = reinterpret_cast<char *>(site);
    __builtin___clear_cache(code, code + cv8::machine::site_size);
    return mprotect(at(start), size, PROT_READ | PROT_EXEC) == 0;
}

} // namespace

namespace cv8 {

const char *lead_calls() {
    static std::string problem;
    std::string build = program_build_id();
    if (build != CV8_ENGINE_BUILD_ID) {
        problem = "this program is not the engine that mcp-v8 was built for: its build id is "
                  + (build.empty() ? "missing" : build)
                  + ", and that of V8 " CV8_ENGINE_VERSION " is " CV8_ENGINE_BUILD_ID;
        return problem.c_str();
    }
    if (const char *name = difference()) {
        problem = std::string("this engine is not as its build id says: ") + name + " is another";
        return problem.c_str();
    }
    unsigned char *jumps = make_jumps();
    if (!jumps) return "there is no page for jumps beside the engine";
    bool all_led = for_each_site([&](const Replaced &function, unsigned char *site) {
        auto index = static_cast<size_t>(&function - replaced);
        led_count++;
        return redirect(site, reinterpret_cast<uintptr_t>(jumps + index * machine::jump_size));
    });
    return all_led ? nullptr : "the kernel does not let code be changed";
}

cv8_bytes code_part(size_t index) {
    if (index >= std::size(parts)) return {};
    return {reinterpret_cast<char *>(parts[index].start), parts[index].end - parts[index].start};
}

size_t led_call_count() {
    return led_count;
}

} // namespace cv8
