#include "CV8.h"
#include "characters.h"
#include "fatal.h"
#include "platform.h"
#include "version.h"

#include <cstdio>
#include <cstring>
#include <elf.h>
#include <link.h>
#include <string>
#include <sys/random.h>

void cv8_start(cv8_options options) {
    // single-threaded: a process with other threads cannot fork. no-baseline-batch-compilation: the
    // batch compiler keeps a global handle, which no snapshot may find. hard-abort: a failed check
    // is one instruction, no system call. no-harmony-…: language.js has these in every context.
    // no-verify-snapshot-checksum: the server has checked a digest of every snapshot that it hands
    // out, and V8's sum over it costs a tenth of opening it. hash-seed: hash tables lie in
    // snapshots in the order of their hashes, so that versions of a heap are alike only under one
    // seed; who floods a table floods their own. no-wasm-memory-protection-keys: on processors that
    // have keys V8 would write to its code by pkey_mprotect, which ends a confined process.
    // no-validate-asm: asm.js is JavaScript, and no snapshot takes the WebAssembly that V8 would
    // make of it.
    std::string flags = "--single-threaded --no-baseline-batch-compilation --hard-abort"
                        " --no-verify-snapshot-checksum --hash-seed=1"
                        " --no-harmony-object-has-own --no-harmony-array-find-last"
                        " --no-harmony-relative-indexing-methods"
                        " --no-wasm-memory-protection-keys --no-validate-asm --max-heap-size="
                        + std::to_string(options.heap_byte_count_max >> 20);
    if (options.jitless) flags += " --jitless";
    v8::V8::SetFlagsFromString(flags.data(), flags.size());
    // Otherwise V8 opens /dev/urandom, which a confined process cannot.
    v8::V8::SetEntropySource([](unsigned char *buffer, size_t length) {
        return getrandom(buffer, length, 0) == static_cast<ssize_t>(length);
    });
    cv8::end_without_memory();
    cv8::find_characters();
    v8::V8::InitializePlatform(&cv8::shared_platform());
    v8::V8::Initialize();
}

const char *cv8_version(void) {
    return v8::V8::GetVersion();
}

namespace {

struct BuildIDSearch {
    uintptr_t address;
    char *hex;
    size_t capacity;
    size_t digit_count;
};

void read_notes(BuildIDSearch &search, const char *notes, size_t byte_count) {
    size_t position = 0;
    auto aligned = [](size_t size) { return (size + 3) & ~size_t{3}; };
    while (position + sizeof(ElfW(Nhdr)) <= byte_count) {
        ElfW(Nhdr) note;
        std::memcpy(&note, notes + position, sizeof note);
        const char *name = notes + position + sizeof note;
        const char *content = name + aligned(note.n_namesz);
        bool is_build_id =
            note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && !std::memcmp(name, "GNU", 4);
        if (is_build_id && note.n_descsz * 2 < search.capacity) {
            for (size_t index = 0; index < note.n_descsz; index++) {
                std::snprintf(
                    search.hex + index * 2, 3, "%02x", static_cast<unsigned char>(content[index])
                );
            }
            search.digit_count = note.n_descsz * 2;
            return;
        }
        position += sizeof note + aligned(note.n_namesz) + aligned(note.n_descsz);
    }
}

int visit_library(dl_phdr_info *info, size_t, void *context) {
    auto &search = *static_cast<BuildIDSearch *>(context);
    bool holds_address = false;
    for (int index = 0; index < info->dlpi_phnum; index++) {
        const auto &header = info->dlpi_phdr[index];
        uintptr_t start = info->dlpi_addr + header.p_vaddr;
        holds_address |= header.p_type == PT_LOAD && search.address >= start
                         && search.address < start + header.p_memsz;
    }
    if (!holds_address) return 0;
    for (int index = 0; index < info->dlpi_phnum && search.digit_count == 0; index++) {
        const auto &header = info->dlpi_phdr[index];
        if (header.p_type != PT_NOTE) continue;
        read_notes(
            search, reinterpret_cast<const char *>(info->dlpi_addr + header.p_vaddr), header.p_memsz
        );
    }
    return 1;
}

} // namespace

size_t cv8_build_id(char *hex, size_t capacity) {
    // The version string is in V8's own library, whatever that is called.
    BuildIDSearch search{reinterpret_cast<uintptr_t>(v8::V8::GetVersion()), hex, capacity, 0};
    dl_iterate_phdr(visit_library, &search);
    return search.digit_count;
}
