#define _GNU_SOURCE
#include "CSandbox.h"

#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

enum { huge_page = 2 << 20 };

// What is to lie in huge pages: a part of a file in memory, and the copy that takes its place.
typedef struct {
    uintptr_t start;
    size_t size;
    int protection;
    const struct dl_phdr_info *file;
    char *mapping;
    char *copy;
} region;

// The program, and the library that this is in.
enum { file_count_max = 2, region_count_max = 16 };

struct csandbox_copies {
    const csandbox_range *ranges;
    size_t range_count;
    struct dl_phdr_info files[file_count_max];
    int file_count;
    region regions[region_count_max];
    int region_count;
    pthread_t thread;
};

static uintptr_t round_down(uintptr_t address, uintptr_t size) {
    return address & ~(size - 1);
}

static uintptr_t round_up(uintptr_t address, uintptr_t size) {
    return round_down(address + size - 1, size);
}

// Adds what of a range is in huge pages of the last file: a page is executable if code is in it.
static void add(csandbox_copies *to, csandbox_range range, bool is_executable) {
    if (range.start >= range.end || to->region_count == region_count_max) return;
    to->regions[to->region_count++] = (region){
        .start = range.start,
        .size = range.end - range.start,
        .protection = is_executable ? PROT_READ | PROT_EXEC : PROT_READ,
        .file = &to->files[to->file_count - 1]};
}

typedef struct {
    uintptr_t first, code_start, code_end, end;
} layout;

// Where a file begins in memory, where its code is, and up to where nothing is written to.
static layout layout_of(const struct dl_phdr_info *info) {
    layout found = {.first = UINTPTR_MAX, .end = UINTPTR_MAX};
    for (int index = 0; index < info->dlpi_phnum; index++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[index];
        if (header->p_type != PT_LOAD) continue;
        uintptr_t start = info->dlpi_addr + header->p_vaddr;
        if (start < found.first) found.first = start;
        if (header->p_flags & PF_W && start < found.end) found.end = start;
        if (!(header->p_flags & PF_X)) continue;
        if (!found.code_start) found.code_start = start;
        found.code_end = start + header->p_memsz;
    }
    return found;
}

static uintptr_t lower(uintptr_t one, uintptr_t other) {
    return one < other ? one : other;
}

// Adds parts of the program, which is large, and of the library that this is in the code, with the
// constants behind it. What is beside code in a huge page can be executed too: constants of the
// same file.
static int add_file(struct dl_phdr_info *info, size_t info_size, void *context) {
    (void)info_size;
    csandbox_copies *copies = context;
    layout file = layout_of(info);
    uintptr_t here = (uintptr_t)add_file;
    // The program has no name.
    bool is_program = !*info->dlpi_name;
    bool is_this = here >= file.code_start && here < file.code_end;
    if (!is_program && !is_this) return 0;
    if (copies->file_count == file_count_max || file.end == UINTPTR_MAX) return 0;
    copies->files[copies->file_count++] = *info;
    uintptr_t last = round_down(file.end, huge_page);
    uintptr_t code_end = lower(round_up(file.code_end, huge_page), last);
    if (is_program) {
        for (size_t index = 0; index < copies->range_count; index++) {
            csandbox_range range = copies->ranges[index];
            if (range.start < file.first || range.end > last) continue;
            add(copies, range, range.start < code_end && range.end > file.code_start);
        }
        return 0;
    }
    uintptr_t start = round_down(file.code_start, huge_page);
    if (start < file.first) start += huge_page;
    add(copies, (csandbox_range){start, code_end}, true);
    add(copies, (csandbox_range){code_end, last}, false);
    return 0;
}

static void copy(region *what) {
    int protection = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;
    char *mapping = mmap(NULL, what->size + huge_page, protection, flags, -1, 0);
    if (mapping == MAP_FAILED) return;
    what->mapping = mapping;
    what->copy = (char *)round_up((uintptr_t)mapping, huge_page);
    madvise(what->copy, what->size, MADV_HUGEPAGE);
    // Between the parts of a file there may be nothing.
    for (int index = 0; index < what->file->dlpi_phnum; index++) {
        const ElfW(Phdr) *header = &what->file->dlpi_phdr[index];
        if (header->p_type != PT_LOAD || header->p_flags & PF_W) continue;
        uintptr_t from = what->file->dlpi_addr + header->p_vaddr;
        uintptr_t to = from + header->p_filesz, end = what->start + what->size;
        if (from < what->start) from = what->start;
        if (to > end) to = end;
        if (from < to) memcpy(what->copy + (from - what->start), (const void *)from, to - from);
    }
}

static void *copy_all(void *context) {
    csandbox_copies *copies = context;
    for (int index = 0; index < copies->region_count; index++) copy(&copies->regions[index]);
    return NULL;
}

csandbox_copies *csandbox_copy_code(const csandbox_range *ranges, size_t count) {
    csandbox_copies *copies = calloc(1, sizeof *copies);
    if (!copies) return NULL;
    copies->ranges = ranges;
    copies->range_count = count;
    dl_iterate_phdr(add_file, copies);
    copies->ranges = NULL;
    if (pthread_create(&copies->thread, NULL, copy_all, copies) == 0) return copies;
    free(copies);
    return NULL;
}

// Puts a copy in its place; whether it is there. Where the kernel has no huge pages all stays as it
// is: small pages that are no file's would make each fork dearer.
static bool use(const region *what) {
    if (!what->copy) return false;
    __builtin___clear_cache(what->copy, what->copy + what->size);
    int flags = MREMAP_MAYMOVE | MREMAP_FIXED;
    bool is_used =
        madvise(what->copy, what->size, MADV_COLLAPSE) == 0
        && mprotect(what->copy, what->size, what->protection) == 0
        && mremap(what->copy, what->size, what->size, flags, (void *)what->start) != MAP_FAILED;
    char *end = what->mapping + what->size + huge_page;
    char *rest = is_used ? what->copy + what->size : what->mapping;
    if (is_used && what->copy > what->mapping)
        munmap(what->mapping, (size_t)(what->copy - what->mapping));
    if (end > rest) munmap(rest, (size_t)(end - rest));
    return is_used;
}

// Has malloc's memory lie in huge pages, from its end down to where they do not fit any more.
static void collapse_heap(void) {
    enum { heap_count_max = 8 };
    char *page = (char *)((uintptr_t)sbrk(0) / huge_page * huge_page);
    for (int count = 0; count < heap_count_max; count++) {
        page -= huge_page;
        if (madvise(page, huge_page, MADV_COLLAPSE) != 0) break;
    }
}

size_t csandbox_begin_forking(csandbox_copies *copies) {
    malloc_trim(csandbox_heap_pad);
    if (!copies) return 0;
    pthread_join(copies->thread, NULL);
    // The kernel counts a thread for a moment after it was waited for.
    for (int turn = 0; turn < 1000 && csandbox_thread_count() > 1; turn++) usleep(1000);
    size_t size = 0;
    for (int index = 0; index < copies->region_count; index++)
        if (use(&copies->regions[index])) size += copies->regions[index].size;
    free(copies);
    collapse_heap();
    return size;
}
