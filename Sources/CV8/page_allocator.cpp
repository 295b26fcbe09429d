#include "page_allocator.h"

#include <algorithm>
#include <sys/mman.h>
#include <unistd.h>

namespace cv8 {
namespace {

using Permission = v8::PageAllocator::Permission;

int protection(Permission permission) {
    switch (permission) {
    case Permission::kRead: return PROT_READ;
    case Permission::kReadWrite: return PROT_READ | PROT_WRITE;
    case Permission::kReadWriteExecute: return PROT_READ | PROT_WRITE | PROT_EXEC;
    case Permission::kReadExecute: return PROT_READ | PROT_EXEC;
    default: return PROT_NONE;
    }
}

void *map(void *hint, size_t size, size_t alignment, Permission permission) {
    size_t reserved = size + alignment;
    bool is_unused = permission == Permission::kNoAccess;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | (is_unused ? MAP_NORESERVE : 0);
    void *mapping = mmap(hint, reserved, protection(permission), flags, -1, 0);
    if (mapping == MAP_FAILED) return nullptr;
    auto start = reinterpret_cast<uintptr_t>(mapping);
    uintptr_t end = start + reserved;
    uintptr_t aligned = (start + alignment - 1) / alignment * alignment;
    if (aligned > start) munmap(mapping, aligned - start);
    if (aligned + size < end)
        munmap(reinterpret_cast<void *>(aligned + size), end - aligned - size);
    return reinterpret_cast<void *>(aligned);
}

} // namespace

PageAllocator::PageAllocator() : page_size(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {}

void *
PageAllocator::AllocatePages(void *hint, size_t size, size_t alignment, Permission permission) {
    if (size != chunk_size || alignment != chunk_size)
        return map(hint, size, alignment, permission);
    std::lock_guard lock(mutex);
    void *chunk = take_chunk();
    if (chunk) chunk_bytes += size;
    return chunk;
}

// Whether memory is one of those, and not as much for something else.
bool PageAllocator::is_chunk(void *address, size_t size) {
    return size == chunk_size && reinterpret_cast<uintptr_t>(address) % chunk_size == 0;
}

// Writable, whatever is asked for: V8 asks for no access, and for access next.
void *PageAllocator::take_chunk() {
    if (spare_count > 0) return spares[--spare_count];
    if (forks && chunk_bytes < small_heap) return map(nullptr, chunk_size, chunk_size, kReadWrite);
    // The kernel may use a huge page for a block: a fork copies one entry then, and 512 otherwise.
    if (block_left == 0) {
        block = static_cast<char *>(map(nullptr, block_size, block_size, kReadWrite));
        if (!block) return nullptr;
        madvise(block, block_size, MADV_HUGEPAGE);
        block_left = block_size;
    }
    block_left -= chunk_size;
    return block + block_left;
}

// Keeps some of the chunks that an isolate leaves: the next one is the same heap a run later, and
// the kernel takes longer to make its pages than V8 to fill them.
bool PageAllocator::FreePages(void *address, size_t size) {
    if (is_chunk(address, size)) {
        std::lock_guard lock(mutex);
        chunk_bytes -= std::min(chunk_bytes, size);
        if (spare_count < spare_count_max && SetPermissions(address, size, kReadWrite)) {
            spares[spare_count++] = address;
            return true;
        }
    }
    return munmap(address, size) == 0;
}

void PageAllocator::begin_forking() {
    std::lock_guard lock(mutex);
    forks = true;
    block_left = 0;
    while (spare_count > 0) munmap(spares[--spare_count], chunk_size);
}

bool PageAllocator::ReleasePages(void *address, size_t size, size_t new_size) {
    if (is_chunk(address, size)) {
        std::lock_guard lock(mutex);
        chunk_bytes -= std::min(chunk_bytes, size);
    }
    return munmap(static_cast<char *>(address) + new_size, size - new_size) == 0;
}

bool PageAllocator::SetPermissions(void *address, size_t size, Permission permission) {
    return mprotect(address, size, protection(permission)) == 0;
}

bool PageAllocator::DiscardSystemPages(void *address, size_t size) {
    return madvise(address, size, MADV_DONTNEED) == 0;
}

bool PageAllocator::DecommitPages(void *address, size_t size) {
    int flags = MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    return mmap(address, size, PROT_NONE, flags, -1, 0) != MAP_FAILED;
}

} // namespace cv8
