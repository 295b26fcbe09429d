#pragma once
#include "heap_parts.h"

#include <unordered_map>
#include <vector>

namespace cv8 {

// How many values a search, or all digests of one heap together, look at.
constexpr size_t searched_value_count_max = 500'000;

// The objects that a walk has met, by their identity.
class MetObjects {
public:
    // The object's number, from 1 in the order of first meetings; 0 if it is met for the first
    // time.
    size_t meet(v8::Local<v8::Object> object);

private:
    std::unordered_map<int, std::vector<std::pair<v8::Local<v8::Object>, size_t>>> met;
    size_t count = 0;
};

// 16 digits that two values share only if they hold the same, as far as that shows from outside:
// what closures hold does not. Takes from `values_left` what it looks at; what is left out is the
// same to it.
std::string digest(Looker &looker, v8::Local<v8::Value> value, size_t &values_left);

// Looks for a text in the names, strings and functions that are reached from variables, whatever
// its case (of ASCII letters).
class Search {
public:
    Search(Looker &looker, std::string text);

    // Called with each place and its path from a variable; says false to end the search.
    using Note = std::function<bool(const Part &, const std::string &path)>;

    // Looks at a variable and at everything that it holds and that was not looked at before.
    void look(const Part &variable, const Note &note) { look(variable, variable.path, 0, note); }

    // Whether nothing was left out.
    bool is_complete() const { return complete; }
    size_t value_count() const { return count; }

private:
    void look(const Part &part, const std::string &path, int depth, const Note &note);
    bool contains(const std::string &text) const;
    bool is_in(v8::Local<v8::Value> value);

    Looker &looker;
    const std::string wanted;
    MetObjects met;
    size_t count = 0;
    bool complete = true;
};

} // namespace cv8
