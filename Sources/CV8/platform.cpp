#include "platform.h"
#include "CV8.h"
#include "page_allocator.h"

#include <libplatform/libplatform.h>
#include <memory>

namespace cv8 {
namespace {

// V8's single-threaded platform, in a process that forks.
class ForkablePlatform final : public v8::Platform {
public:
    v8::Platform &wrapped() { return *platform; }
    PageAllocator &pages() { return allocator; }

    v8::PageAllocator *GetPageAllocator() override { return &allocator; }
    int NumberOfWorkerThreads() override { return platform->NumberOfWorkerThreads(); }
    std::shared_ptr<v8::TaskRunner>
    GetForegroundTaskRunner(v8::Isolate *isolate, v8::TaskPriority priority) override {
        return platform->GetForegroundTaskRunner(isolate, priority);
    }
    std::unique_ptr<v8::JobHandle> CreateJobImpl(
        v8::TaskPriority priority, std::unique_ptr<v8::JobTask> task,
        const v8::SourceLocation &location
    ) override {
        return platform->CreateJob(priority, std::move(task), location);
    }
    void PostTaskOnWorkerThreadImpl(
        v8::TaskPriority priority, std::unique_ptr<v8::Task> task,
        const v8::SourceLocation &location
    ) override {
        platform->PostTaskOnWorkerThread(priority, std::move(task), location);
    }
    void PostDelayedTaskOnWorkerThreadImpl(
        v8::TaskPriority priority, std::unique_ptr<v8::Task> task, double seconds,
        const v8::SourceLocation &location
    ) override {
        platform->PostDelayedTaskOnWorkerThread(priority, std::move(task), seconds, location);
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
    PageAllocator allocator;
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

void cv8_begin_forking(void) {
    cv8::platform().pages().begin_forking();
}
