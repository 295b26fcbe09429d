#pragma once
#include <mutex>
#include <v8-platform.h>

namespace cv8 {

// The memory of V8's heaps, in a process that forks.
//
// V8's own allocator, as Node builds it, marks its pages MADV_DONTFORK: a forked child dies when it
// first touches the heap.
class PageAllocator final : public v8::PageAllocator {
public:
    PageAllocator();
    size_t AllocatePageSize() override { return page_size; }
    size_t CommitPageSize() override { return page_size; }
    void SetRandomMmapSeed(int64_t) override {}
    void *GetRandomMmapAddr() override { return nullptr; }
    void *AllocatePages(void *hint, size_t size, size_t alignment, Permission permission) override;
    bool FreePages(void *address, size_t size) override;
    bool ReleasePages(void *address, size_t size, size_t new_size) override;
    bool SetPermissions(void *address, size_t size, Permission permission) override;
    bool DiscardSystemPages(void *address, size_t size) override;
    bool DecommitPages(void *address, size_t size) override;
    bool RecommitPages(void *address, size_t size, Permission permission) override {
        return SetPermissions(address, size, permission);
    }

    // Gives chunks back to the kernel that wait for the next isolate. Until then all heaps lie in
    // blocks: they are the ones that this process's forks share.
    void begin_forking();

private:
    // What V8 takes for its heap's pages, and a huge page of the kernel's.
    static constexpr size_t chunk_size = 256 << 10, block_size = 2 << 20;
    // Above this a fork's heap lies in blocks.
    static constexpr size_t small_heap = 12 << 20;
    static constexpr size_t spare_count_max = 16;
    static constexpr size_t shortened_count_max = 16;
    // An isolate's code lies in a range of this size at least. Of it so much is kept as the code of
    // the base heap takes.
    static constexpr size_t code_range_min = 32 << 20, code_kept = 512 << 10;

    // What stays of a chunk that V8 gives back and takes again.
    static constexpr size_t begun_size = 64 << 10;
    // What V8's tables grow by.
    static constexpr size_t segment_size = 64 << 10;

    static bool is_chunk(void *address, size_t size);
    bool discard(char *address, size_t size);
    void *take_chunk();
    bool keep_chunk(void *chunk);
    bool keep_code_range(void *address, size_t size);
    void **find_shortened(void *address);

    const size_t page_size;
    std::mutex mutex;
    bool forks = false;
    // What V8 has of chunks, in bytes.
    size_t chunk_bytes = 0;
    void *spares[spare_count_max];
    size_t spare_count = 0;
    // Chunks whose ends V8 has given back: it frees what is left as something smaller.
    void *shortened[shortened_count_max];
    size_t shortened_count = 0;
    // Where memory was last made executable.
    char *last_code = nullptr;
    // Where the last isolate's code was; 0 bytes if nothing is kept.
    void *code_range = nullptr;
    size_t code_range_size = 0;
    char *block = nullptr;
    size_t block_left = 0;
};

} // namespace cv8
