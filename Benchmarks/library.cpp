// What the library that heaps start with costs: the size of its snapshot, and the time that an
// isolate takes to open on it, beside a V8 that has nothing of ours.
// library REPEATS prints them as JSON; times are medians of processor time, in
// milliseconds.

#include "CV8.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <v8.h>
#include <vector>

namespace {

// The processor's time, so that a busy machine changes little.
double now() {
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

template <typename Body> double timed(Body body) {
    double began = now();
    body();
    return now() - began;
}

double median(std::vector<double> &values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

v8::StartupData bare_snapshot() {
    v8::SnapshotCreator creator;
    {
        v8::HandleScope handles(creator.GetIsolate());
        creator.SetDefaultContext(v8::Context::New(creator.GetIsolate()));
    }
    return creator.CreateBlob(v8::SnapshotCreator::FunctionCodeHandling::kKeep);
}

double open_bare(v8::StartupData *snapshot, v8::ArrayBuffer::Allocator *allocator) {
    v8::Isolate::CreateParams parameters;
    parameters.snapshot_blob = snapshot;
    parameters.array_buffer_allocator = allocator;
    v8::Isolate *isolate;
    double took = timed([&] {
        isolate = v8::Isolate::New(parameters);
        v8::Isolate::Scope entered(isolate);
        v8::HandleScope handles(isolate);
        v8::Context::New(isolate);
    });
    isolate->Dispose();
    return took;
}

double open_library(cv8_bytes snapshot) {
    cv8_isolate *isolate = nullptr;
    double took = timed([&] {
        isolate = cv8_isolate_open(cv8_stateless, snapshot, nullptr, nullptr);
    });
    if (!isolate) std::abort();
    cv8_isolate_dispose(isolate);
    return took;
}

} // namespace

extern "C" int cv8_main(int argument_count, char **arguments) {
    if (argument_count != 2) return 64;
    const char *problem = cv8_prepare();
    if (!problem) problem = cv8_start({256u << 20, false});
    if (problem) {
        std::fprintf(stderr, "%s\n", problem);
        return 70;
    }
    cv8_isolate *base = cv8_isolate_open_base();
    if (!base || cv8_isolate_prepare_serialization(base).byte_count > 0) return 70;
    cv8_bytes library = cv8_isolate_serialize(base, nullptr, 0);
    v8::StartupData bare = bare_snapshot();
    std::unique_ptr<v8::ArrayBuffer::Allocator> allocator(
        v8::ArrayBuffer::Allocator::NewDefaultAllocator()
    );
    std::vector<double> bare_times, library_times;
    for (int repeat = 0; repeat < std::atoi(arguments[1]); repeat++) {
        bare_times.push_back(open_bare(&bare, allocator.get()));
        library_times.push_back(open_library(library));
    }
    std::printf(
        "{\"bare_bytes\": %d, \"library_bytes\": %zu, \"bare_open_ms\": %.3f, "
        "\"library_open_ms\": %.3f}\n",
        bare.raw_size, library.byte_count, median(bare_times), median(library_times)
    );
    std::fflush(stdout);
    std::_Exit(0);
}
