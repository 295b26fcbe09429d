#define _GNU_SOURCE
#include "memory_attacks.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *writable_page(void) {
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

long make_executable(void) {
    return mprotect(writable_page(), 4096, PROT_READ | PROT_EXEC);
}

long make_executable_by_key(void) {
    return syscall(SYS_pkey_mprotect, writable_page(), 4096, PROT_READ | PROT_EXEC, -1);
}

// More than any of the confined processes may have, and in how many parts.
enum { too_much = 1 << 30, part_count = 5 };

static long fail_at(void *mapping) {
    return mapping == MAP_FAILED ? -1 : 0;
}

// Memory that cannot be written to is not counted as data, and holds what was written all the same.
long fill_and_protect(void) {
    const size_t size = 64 << 20;
    for (size_t filled = 0; filled < (size_t)too_much * part_count; filled += size) {
        char *part = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (part == MAP_FAILED) return -1;
        *part = 1;
        if (mprotect(part, size, PROT_READ) != 0) return -1;
    }
    return 0;
}

// Reading takes page tables of the kernel's, which are nobody's memory.
long fill_page_tables(void) {
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    return fail_at(mmap(NULL, (size_t)too_much * part_count, PROT_READ, flags, -1, 0));
}

// A page of the stack, below what is in use of it.
static __attribute__((noinline)) char *page_of_the_stack(void) {
    volatile char area[256 << 10];
    for (size_t offset = 0; offset < sizeof area; offset += 4096) area[offset] = 1;
    uintptr_t page = (uintptr_t)area & ~(uintptr_t)4095;
    __asm__ volatile("" ::: "memory");
    return (char *)page + 8192;
}

long lengthen_the_stack(void) {
    const size_t size = (size_t)too_much * part_count;
    return fail_at(mremap(page_of_the_stack(), 4096, size, MREMAP_MAYMOVE));
}

long move_and_leave(void) {
    const int dont_unmap = 4;
    return fail_at(mremap(writable_page(), 4096, 4096, MREMAP_MAYMOVE | dont_unmap, NULL));
}
