#include "build.h"

#include <cstdio>
#include <cstring>
#include <elf.h>
#include <link.h>

namespace {

std::string build_id(const char *notes, size_t byte_count) {
    std::string result;
    size_t position = 0;
    auto aligned = [](size_t size) { return (size + 3) & ~size_t{3}; };
    while (position + sizeof(ElfW(Nhdr)) <= byte_count) {
        ElfW(Nhdr) note;
        std::memcpy(&note, notes + position, sizeof note);
        const char *name = notes + position + sizeof note;
        const char *content = name + aligned(note.n_namesz);
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && !std::memcmp(name, "GNU", 4)) {
            for (size_t index = 0; index < note.n_descsz; index++) {
                char digits[3];
                std::snprintf(
                    digits, sizeof digits, "%02x", static_cast<unsigned char>(content[index])
                );
                result += digits;
            }
            return result;
        }
        position += sizeof note + aligned(note.n_namesz) + aligned(note.n_descsz);
    }
    return result;
}

// The program comes first.
int visit_program(dl_phdr_info *info, size_t, void *context) {
    auto &result = *static_cast<std::string *>(context);
    for (int index = 0; index < info->dlpi_phnum && result.empty(); index++) {
        const auto &header = info->dlpi_phdr[index];
        if (header.p_type != PT_NOTE) continue;
        auto notes = reinterpret_cast<const char *>(info->dlpi_addr + header.p_vaddr);
        result = build_id(notes, header.p_memsz);
    }
    return 1;
}

} // namespace

namespace cv8 {

std::string program_build_id() {
    std::string result;
    dl_iterate_phdr(visit_program, &result);
    return result;
}

} // namespace cv8
