#include "platform.h"

#include <libplatform/libplatform.h>
#include <memory>
#include <sys/mman.h>
#include <unistd.h>

namespace cv8 {
namespace {

// V8's own allocator, as Node builds it, marks its pages MADV_DONTFORK: a forked child dies when it
// first touches the heap. This one does not, so that a process with V8 in it can fork.
class ForkablePageAllocator final : public v8::PageAllocator {
public:
    size_t AllocatePageSize() override { return page_size; }
    size_t CommitPageSize() override { return page_size; }
    void SetRandomMmapSeed(int64_t) override {}
    void *GetRandomMmapAddr() override { return nullptr; }

    void *AllocatePages(void *hint, size_t size, size_t alignment, Permission permission) override {
        size_t reserved = size + alignment;
        int flags = MAP_PRIVATE | MAP_ANONYMOUS | (permission == kNoAccess ? MAP_NORESERVE : 0);
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

    bool FreePages(void *address, size_t size) override { return munmap(address, size) == 0; }

    bool ReleasePages(void *address, size_t size, size_t new_size) override {
        return munmap(static_cast<char *>(address) + new_size, size - new_size) == 0;
    }

    bool SetPermissions(void *address, size_t size, Permission permission) override {
        return mprotect(address, size, protection(permission)) == 0;
    }

    bool DiscardSystemPages(void *address, size_t size) override {
        return madvise(address, size, MADV_DONTNEED) == 0;
    }

    bool DecommitPages(void *address, size_t size) override {
        int flags = MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
        return mmap(address, size, PROT_NONE, flags, -1, 0) != MAP_FAILED;
    }

private:
    static int protection(Permission permission) {
        switch (permission) {
        case kRead: return PROT_READ;
        case kReadWrite: return PROT_READ | PROT_WRITE;
        case kReadWriteExecute: return PROT_READ | PROT_WRITE | PROT_EXEC;
        case kReadExecute: return PROT_READ | PROT_EXEC;
        default: return PROT_NONE;
        }
    }

    const size_t page_size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
};

// V8's single-threaded platform with the allocator above.
class ForkablePlatform final : public v8::Platform {
public:
    v8::Platform &wrapped() { return *platform; }

    v8::PageAllocator *GetPageAllocator() override { return &allocator; }
    int NumberOfWorkerThreads() override { return platform->NumberOfWorkerThreads(); }
    std::shared_ptr<v8::TaskRunner> GetForegroundTaskRunner(v8::Isolate *isolate) override {
        return platform->GetForegroundTaskRunner(isolate);
    }
    void CallOnWorkerThread(std::unique_ptr<v8::Task> task) override {
        platform->CallOnWorkerThread(std::move(task));
    }
    void CallDelayedOnWorkerThread(std::unique_ptr<v8::Task> task, double seconds) override {
        platform->CallDelayedOnWorkerThread(std::move(task), seconds);
    }
    std::unique_ptr<v8::JobHandle>
    PostJob(v8::TaskPriority priority, std::unique_ptr<v8::JobTask> task) override {
        return platform->PostJob(priority, std::move(task));
    }
    double MonotonicallyIncreasingTime() override {
        return platform->MonotonicallyIncreasingTime();
    }
    double CurrentClockTimeMillis() override { return platform->CurrentClockTimeMillis(); }
    v8::TracingController *GetTracingController() override {
        return platform->GetTracingController();
    }

private:
    std::unique_ptr<v8::Platform> platform = v8::platform::NewSingleThreadedDefaultPlatform();
    ForkablePageAllocator allocator;
};

ForkablePlatform &platform() {
    // Never destroyed: V8 uses it until the process ends.
    static auto *instance = new ForkablePlatform;
    return *instance;
}

} // namespace

v8::Platform &shared_platform() {
    return platform();
}

bool pump_task(v8::Isolate *isolate) {
    return v8::platform::PumpMessageLoop(&platform().wrapped(), isolate);
}

} // namespace cv8
