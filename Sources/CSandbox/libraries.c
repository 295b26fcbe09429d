#define _GNU_SOURCE
#include "CSandbox.h"

#include <link.h>
#include <malloc.h>
#include <stdbool.h>
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

// Copies code into huge pages and puts them in its place. Where the kernel gives none the code
// stays where it is: small pages that are no file's would make each fork dearer.
static void move_to_huge_pages(uintptr_t start, uintptr_t end) {
    start = (start + huge_page - 1) & ~(uintptr_t)(huge_page - 1);
    end &= ~(uintptr_t)(huge_page - 1);
    if (start >= end) return;
    size_t size = end - start, reserved = size + huge_page;
    char *mapping =
        mmap(NULL, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) return;
    char *copy = mapping + (huge_page - (uintptr_t)mapping % huge_page) % huge_page;
    madvise(copy, size, MADV_HUGEPAGE);
    memcpy(copy, (const void *)start, size);
    __builtin___clear_cache(copy, copy + size);
    bool is_moved = madvise(copy, size, MADV_COLLAPSE) == 0
                    && mprotect(copy, size, PROT_READ | PROT_EXEC) == 0
                    && mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)start)
                           != MAP_FAILED;
    char *rest = is_moved ? copy + size : mapping;
    if (is_moved && copy > mapping) munmap(mapping, (size_t)(copy - mapping));
    if (mapping + reserved > rest) munmap(rest, (size_t)(mapping + reserved - rest));
}

static int visit(struct dl_phdr_info *info, size_t info_size, void *context) {
    (void)info_size;
    const bool *huge_pages = context;
    bool is_of_v8 = *huge_pages && is_one_of(libraries_of_v8, info->dlpi_name);
    bool is_of_node = is_one_of(libraries_of_node, info->dlpi_name);
    uintptr_t page_mask = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;
    for (int index = 0; index < info->dlpi_phnum; index++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[index];
        if (header->p_type != PT_LOAD) continue;
        uintptr_t start = (info->dlpi_addr + header->p_vaddr) & ~page_mask;
        uintptr_t end = info->dlpi_addr + header->p_vaddr + header->p_memsz;
        end = (end + page_mask) & ~page_mask;
        if (is_of_node) madvise((void *)start, end - start, MADV_DONTFORK);
        if (is_of_v8 && header->p_flags & PF_X) move_to_huge_pages(start, end);
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

void csandbox_begin_forking(bool huge_pages) {
    dl_iterate_phdr(visit, &huge_pages);
    malloc_trim(csandbox_heap_pad);
    if (huge_pages) collapse_heap();
}
