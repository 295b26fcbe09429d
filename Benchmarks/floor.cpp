// What V8 itself takes for the steps of a run: no server, no worker, no base heap.
// floor OBJECTS REPEATS BLOB writes the snapshot to BLOB and medians, in milliseconds, as JSON.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <libplatform/libplatform.h>
#include <map>
#include <memory>
#include <string>
#include <v8.h>
#include <vector>

namespace {

std::map<std::string, std::vector<double>> measured;

template <typename Body>
auto timed(const char *name, Body body) {
    struct Stop {
        const char *name;
        std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
        ~Stop() {
            auto took = std::chrono::steady_clock::now() - began;
            measured[name].push_back(std::chrono::duration<double, std::milli>(took).count());
        }
    } stop{name};
    return body();
}

void run(v8::Isolate *isolate, v8::Local<v8::Context> context, const std::string &code) {
    v8::HandleScope handles(isolate);
    auto source = v8::String::NewFromUtf8(isolate, code.c_str()).ToLocalChecked();
    v8::Script::Compile(context, source).ToLocalChecked()->Run(context).ToLocalChecked();
}

// One generation of a heap: opens it, runs code on it, and serialises it.
v8::StartupData generation(v8::StartupData *before, const std::string &code, bool is_measured) {
    const char *names[] = {"open", "evaluate", "serialise"};
    if (!is_measured) names[0] = names[1] = names[2] = "preparation";
    std::unique_ptr<v8::SnapshotCreator> creator;
    v8::Isolate *isolate;
    {
        v8::Global<v8::Context> kept;
        timed(names[0], [&] {
            creator = std::make_unique<v8::SnapshotCreator>(nullptr, before);
            isolate = creator->GetIsolate();
            isolate->Enter();
            v8::HandleScope handles(isolate);
            kept.Reset(isolate, v8::Context::New(isolate));
        });
        v8::HandleScope handles(isolate);
        auto context = kept.Get(isolate);
        v8::Context::Scope scope(context);
        timed(names[1], [&] { run(isolate, context, code); });
        creator->SetDefaultContext(context);
        kept.Reset();
    }
    isolate->Exit();
    return timed(names[2], [&] {
        return creator->CreateBlob(v8::SnapshotCreator::FunctionCodeHandling::kKeep);
    });
}

// A run without a heap: an ordinary isolate on the snapshot, gone afterwards.
void stateless(v8::StartupData *snapshot, v8::ArrayBuffer::Allocator *allocator) {
    timed("stateless", [&] {
        v8::Isolate::CreateParams parameters;
        parameters.snapshot_blob = snapshot;
        parameters.array_buffer_allocator = allocator;
        v8::Isolate *isolate = v8::Isolate::New(parameters);
        {
            v8::Isolate::Scope entered(isolate);
            v8::HandleScope handles(isolate);
            auto context = v8::Context::New(isolate);
            v8::Context::Scope scope(context);
            run(isolate, context, "1+1");
        }
        isolate->Dispose();
    });
}

} // namespace

extern "C" int cv8_main(int argument_count, char **arguments) {
    if (argument_count != 4) return 64;
    auto objects = std::string(arguments[1]);
    int repeats = std::atoi(arguments[2]);
    v8::V8::SetFlagsFromString("--single-threaded --max-heap-size=1024");
    auto platform = v8::platform::NewSingleThreadedDefaultPlatform();
    timed("start", [&] {
        v8::V8::InitializePlatform(platform.get());
        v8::V8::Initialize();
    });
    std::unique_ptr<v8::ArrayBuffer::Allocator> allocator(
        v8::ArrayBuffer::Allocator::NewDefaultAllocator()
    );
    v8::StartupData blob = generation(
        nullptr,
        "var n = 0, data = Array.from({length: " + objects
            + "}, (_, i) => ({id: i, name: 'n' + i, value: i / 2}))",
        false
    );
    for (int repeat = 0; repeat < repeats; repeat++) {
        stateless(&blob, allocator.get());
        v8::StartupData next = generation(&blob, "n++", true);
        delete[] blob.data;
        blob = next;
    }
    FILE *file = std::fopen(arguments[3], "wb");
    if (!file || std::fwrite(blob.data, 1, blob.raw_size, file) != size_t(blob.raw_size)) return 74;
    std::fclose(file);
    std::printf("{\"snapshot_bytes\": %d", blob.raw_size);
    for (auto &[name, values] : measured) {
        std::sort(values.begin(), values.end());
        std::printf(", \"%s_ms\": %.4f", name.c_str(), values[values.size() / 2]);
    }
    std::printf("}\n");
    std::fflush(stdout);
    std::_Exit(0);
}
