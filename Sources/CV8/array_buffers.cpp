// Empty array buffers that survive a snapshot.
//
// V8 10.2 serialises the pointer to an empty ArrayBuffer's C++ extension as it is; the next process
// follows it into memory that is not its own. An extension holds nothing that an empty buffer
// needs, and V8 treats a missing one as empty. So this replaces JSArrayBuffer::Attach (exported by
// libnode and called through its symbol table) with one that takes the extension away from empty
// buffers at birth; V8's next collection frees it. attaching_is_replaced proves at the start of the
// process that V8 calls this and that the object's layout is the one assumed.

#include "array_buffers.h"
#include "original.h"
#include "version.h"

#include <atomic>
#include <cstring>
#include <memory>

namespace {

// Offset in a JSArrayBuffer of a 64-bit build without pointer compression, and in a BackingStore.
constexpr uintptr_t extension_offset = 48;
// Of a word of flags; a shared buffer, which no heap has, needs its extension.
constexpr uintptr_t flags_offset = 56;
constexpr uint32_t is_shared_flag = 1 << 4;
constexpr uintptr_t store_byte_length_offset = 8;
constexpr uintptr_t heap_object_tag = 1;

std::atomic<uint64_t> emptied_count{0};

uintptr_t &field(uintptr_t object, uintptr_t offset) {
    return *reinterpret_cast<uintptr_t *>(object - heap_object_tag + offset);
}

} // namespace

namespace v8::internal {

class BackingStore;

class JSArrayBuffer {
public:
    __attribute__((visibility("default"))) void Attach(std::shared_ptr<BackingStore> store);

private:
    uintptr_t object;
};

void JSArrayBuffer::Attach(std::shared_ptr<BackingStore> store) {
    using Original = void(JSArrayBuffer *, std::shared_ptr<BackingStore>);
    static const auto original = cv8::original<Original>(
        "_ZN2v88internal13JSArrayBuffer6AttachESt10shared_ptrINS0_12BackingStoreEE"
    );
    auto address = reinterpret_cast<const char *>(store.get());
    bool is_empty = *reinterpret_cast<const size_t *>(address + store_byte_length_offset) == 0;
    original(this, std::move(store));
    // Only an empty buffer is surely where it was: memory for another may have made V8 collect and
    // move it.
    if (!is_empty || static_cast<uint32_t>(field(object, flags_offset)) & is_shared_flag) return;
    field(object, extension_offset) = 0;
    emptied_count.fetch_add(1, std::memory_order_relaxed);
}

} // namespace v8::internal

namespace cv8 {

bool attaching_is_replaced(v8::Local<v8::Context> context) {
    // By a script: the API makes an empty buffer without an extension to begin with.
    v8::Isolate *isolate = context->GetIsolate();
    v8::HandleScope scope(isolate);
    uint64_t before = emptied_count.load();
    auto source =
        v8::String::NewFromUtf8Literal(isolate, "[new ArrayBuffer(0), new ArrayBuffer(4096)]");
    auto made =
        v8::Script::Compile(context, source).ToLocalChecked()->Run(context).ToLocalChecked();
    auto full = made.As<v8::Object>()->Get(context, 1).ToLocalChecked();
    uintptr_t object;
    std::memcpy(&object, reinterpret_cast<void *>(*full), sizeof object);
    return emptied_count.load() == before + 1 && field(object, extension_offset) != 0;
}

} // namespace cv8
