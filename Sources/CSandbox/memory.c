#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

int csandbox_memory_file(const char *name, size_t byte_count) {
    int descriptor = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (descriptor < 0) return -errno;
    if (ftruncate(descriptor, (off_t)byte_count) != 0
        || fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        int error = errno;
        close(descriptor);
        return -error;
    }
    return descriptor;
}

int csandbox_memory_file_discard(int descriptor, size_t offset, size_t byte_count) {
    int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    return fallocate(descriptor, mode, (off_t)offset, (off_t)byte_count) == 0 ? 0 : -errno;
}

void csandbox_keep_freed_memory(void) {
    enum { kept = 4 << 20, huge_page = 2 << 20 };
    // What malloc takes next begins where a huge page can.
    sbrk((intptr_t)(-(uintptr_t)sbrk(0) % huge_page));
    mallopt(M_TOP_PAD, csandbox_heap_pad);
    mallopt(M_TRIM_THRESHOLD, kept + csandbox_heap_pad);
    mallopt(M_MMAP_THRESHOLD, kept);
}

void csandbox_give_back_freed_memory(void) {
    enum { kept = 64 << 10 };
    malloc_trim(kept);
}
