// Stands before the C library's calls for protection keys: whatever the processor, it has them.
// Pages are protected by the system call that a kernel with keys has for it.
#define _GNU_SOURCE
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { key = 1, key_count = 16, none = -1 };

static int rights[key_count];

int pkey_alloc(unsigned int flags, unsigned int access) {
    (void)flags;
    rights[key] = (int)access;
    return key;
}

int pkey_free(int freed) {
    (void)freed;
    return 0;
}

int pkey_get(int asked) {
    return rights[asked];
}

int pkey_set(int changed, unsigned int access) {
    rights[changed] = (int)access;
    return 0;
}

// This processor may have no such key: pages are given none.
int pkey_mprotect(void *start, size_t size, int protection, int given) {
    (void)given;
    return (int)syscall(SYS_pkey_mprotect, start, size, protection, none);
}
