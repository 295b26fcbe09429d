// Random numbers in a process that was forked with an isolate in it.
//
// The isolate's generator, and what a context has drawn from it in advance, were forked along: all
// forks would go on with the same numbers. V8 has no public way to begin anew.

#include "../isolate.h"

namespace v8::base {

class RandomNumberGenerator {
public:
    void SetSeed(int64_t seed);
};

} // namespace v8::base

namespace v8::internal {

class Isolate {
public:
    base::RandomNumberGenerator *random_number_generator();
};

// V8 passes an object by value as what this is: its address.
template <typename Type> class Tagged {
public:
    uintptr_t address;
};
class Context;

class MathRandom {
public:
    static void ResetContext(Tagged<Context> context);
};

} // namespace v8::internal

void cv8_isolate_seed(cv8_isolate *owner, int64_t seed) {
    cv8::Entered entered(owner);
    auto internal = reinterpret_cast<v8::internal::Isolate *>(owner->isolate);
    internal->random_number_generator()->SetSeed(seed);
    auto context = *reinterpret_cast<uintptr_t *>(*entered.context);
    v8::internal::MathRandom::ResetContext({context});
}
