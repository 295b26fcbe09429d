#include "page_allocator.h"

#include <algorithm>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

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
    std::lock_guard lock(mutex);
    // V8 wants the range of the last isolate's code for the next one's; nothing else asks for an
    // address, and may rely on memory that is zero.
    if (code_range_size > 0 && hint == code_range && size == code_range_size) {
        code_range_size = 0;
        return code_range;
    }
    if (size != chunk_size || alignment != chunk_size)
        return map(hint, size, alignment, permission);
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
    if (spare_count > 0) {
        // Always the same first: each then serves for the same again, and has as much of it filled.
        void **first = std::min_element(spares, spares + spare_count);
        std::swap(*first, spares[--spare_count]);
        return spares[spare_count];
    }
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

// Keeps some of what an isolate leaves: the next one is the same heap a run later, and the kernel
// takes longer to make its pages than V8 to fill them.
bool PageAllocator::FreePages(void *address, size_t size) {
    std::lock_guard lock(mutex);
    void **place = find_shortened(address);
    if (place) *place = shortened[--shortened_count];
    if (place || is_chunk(address, size)) {
        chunk_bytes -= std::min(chunk_bytes, chunk_size);
        return keep_chunk(address) || munmap(address, chunk_size) == 0;
    }
    return keep_code_range(address, size) || munmap(address, size) == 0;
}

bool PageAllocator::keep_code_range(void *address, size_t size) {
    auto start = static_cast<char *>(address);
    bool has_code = last_code >= start && last_code < start + size;
    if (!has_code || size < code_range_min || code_range_size > 0) return false;
    if (!SetPermissions(address, size, kNoAccess)) return false;
    madvise(start + code_kept, size - code_kept, MADV_DONTNEED);
    code_range = address;
    code_range_size = size;
    return true;
}

bool PageAllocator::keep_chunk(void *chunk) {
    if (spare_count == spare_count_max || !SetPermissions(chunk, chunk_size, kReadWrite))
        return false;
    spares[spare_count++] = chunk;
    return true;
}

void **PageAllocator::find_shortened(void *address) {
    void **end = shortened + shortened_count;
    void **found = std::find(shortened, end, address);
    return found == end ? nullptr : found;
}

void PageAllocator::begin_forking() {
    std::lock_guard lock(mutex);
    forks = true;
    block_left = 0;
    while (spare_count > 0) munmap(spares[--spare_count], chunk_size);
    if (code_range_size > 0) munmap(code_range, code_range_size);
    code_range_size = 0;
}

// Of a chunk the end stays V8's, without memory: it is to be a whole chunk again.
bool PageAllocator::ReleasePages(void *address, size_t size, size_t new_size) {
    void *end = static_cast<char *>(address) + new_size;
    std::lock_guard lock(mutex);
    bool is_known = find_shortened(address);
    if (is_chunk(address, size) && !is_known && shortened_count < shortened_count_max) {
        shortened[shortened_count++] = address;
        is_known = true;
    }
    if (is_known) return discard(static_cast<char *>(end), size - new_size);
    if (is_chunk(address, size)) chunk_bytes -= std::min(chunk_bytes, chunk_size);
    return munmap(end, size - new_size) == 0;
}

bool PageAllocator::SetPermissions(void *address, size_t size, Permission permission) {
    bool is_code = permission == kReadExecute || permission == kReadWriteExecute;
    if (is_code) last_code = static_cast<char *>(address);
    return mprotect(address, size, protection(permission)) == 0;
}

bool PageAllocator::DiscardSystemPages(void *address, size_t size) {
    std::lock_guard lock(mutex);
    return discard(static_cast<char *>(address), size);
}

// What a small heap gives back in between it takes again at once, from the beginning of a chunk on,
// and the kernel takes longer to make its pages than V8 to fill them: that part stays.
bool PageAllocator::discard(char *address, size_t size) {
    char *end = address + size;
    if (size < chunk_size && forks && chunk_bytes < small_heap) {
        auto chunk = reinterpret_cast<uintptr_t>(address) / chunk_size * chunk_size;
        address = std::max(address, reinterpret_cast<char *>(chunk) + begun_size);
    }
    if (address >= end) return true;
    return madvise(address, static_cast<size_t>(end - address), MADV_DONTNEED) == 0;
}

// A segment of one of V8's tables is cleared, and stays: the next isolate's lies there, and V8
// writes to all of it.
bool PageAllocator::DecommitPages(void *address, size_t size) {
    if (size == segment_size) {
        std::memset(address, 0, size);
        return true;
    }
    int flags = MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    return mmap(address, size, PROT_NONE, flags, -1, 0) != MAP_FAILED;
}

} // namespace cv8
