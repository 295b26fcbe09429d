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

static const char *const libraries_of_v8[] = {"libnode.", NULL};

// What libnode needs beside V8.
static const char *const libraries_of_node[] = {
    "libbrotli", "libcares.", "libcrypto.", "libnghttp2.", "libssl.", "libuv.", NULL,
};

static bool is_one_of(const char *const *names, const char *path) {
    const char *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path;
    while (*names && strncmp(file, *names, strlen(*names)) != 0) names++;
    return *names != NULL;
}

// What is to lie in huge pages: a part of a file in memory, and the copy that takes its place.
typedef struct {
    uintptr_t start;
    size_t size;
    int protection;
    const struct dl_phdr_info *file;
    char *mapping;
    char *copy;
} region;

enum { file_count_max = 2, region_count_max = 2 * file_count_max };

struct csandbox_copies {
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

static void add(csandbox_copies *to, uintptr_t start, uintptr_t end, int protection) {
    if (start >= end) return;
    to->regions[to->region_count++] = (region){
        .start = start,
        .size = end - start,
        .protection = protection,
        .file = &to->files[to->file_count - 1]};
}

// Adds the code of the program and of V8, and the constants behind it, up to where they can be
// written to. What is beside code in a huge page can be executed too: constants of the same file.
static int add_file(struct dl_phdr_info *info, size_t info_size, void *context) {
    (void)info_size;
    csandbox_copies *copies = context;
    // The program has no name.
    bool is_wanted = !*info->dlpi_name || is_one_of(libraries_of_v8, info->dlpi_name);
    if (!is_wanted || copies->file_count == file_count_max) return 0;
    uintptr_t first = UINTPTR_MAX, code_start = 0, code_end = 0, last = UINTPTR_MAX;
    for (int index = 0; index < info->dlpi_phnum; index++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[index];
        if (header->p_type != PT_LOAD) continue;
        uintptr_t start = info->dlpi_addr + header->p_vaddr;
        if (start < first) first = start;
        if (header->p_flags & PF_W && start < last) last = start;
        if (!(header->p_flags & PF_X)) continue;
        code_start = start;
        code_end = start + header->p_memsz;
    }
    if (last == UINTPTR_MAX || code_end > last) return 0;
    copies->files[copies->file_count++] = *info;
    code_start = round_down(code_start, huge_page);
    if (code_start < first) code_start += huge_page;
    last = round_down(last, huge_page);
    code_end = round_up(code_end, huge_page);
    if (code_end > last) code_end = last;
    add(copies, code_start, code_end, PROT_READ | PROT_EXEC);
    add(copies, code_end, last, PROT_READ);
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

csandbox_copies *csandbox_copy_code(void) {
    csandbox_copies *copies = calloc(1, sizeof *copies);
    if (!copies) return NULL;
    dl_iterate_phdr(add_file, copies);
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

static int leave_behind(struct dl_phdr_info *info, size_t info_size, void *context) {
    (void)info_size;
    (void)context;
    if (!is_one_of(libraries_of_node, info->dlpi_name)) return 0;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int index = 0; index < info->dlpi_phnum; index++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[index];
        if (header->p_type != PT_LOAD) continue;
        uintptr_t start = info->dlpi_addr + header->p_vaddr;
        uintptr_t end = round_up(start + header->p_memsz, page);
        start = round_down(start, page);
        madvise((void *)start, end - start, MADV_DONTFORK);
    }
    return 0;
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
    dl_iterate_phdr(leave_behind, NULL);
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
