#pragma once
#include "heap_graph.h"
#include "heap_parts.h"

namespace cv8 {

// Something that a script left at the top level.
struct Variable {
    Part part;
    // `let`, `const`, `class`, `function`, `var`; `global` and `accessor` of what was put on the
    // global object; `last` of what the last run left by itself.
    const char *kind;
};

// Everything that a heap's scripts left at the top level, found in V8's own scopes and in the
// global object.
struct Variables {
    // The first of them.
    std::vector<Variable> all;
    // How many there are.
    size_t total = 0;
    // Values of globals that every heap has.
    HeapGraph::Values library;

    // `base_globals` is what list_globals says of a heap without variables.
    Variables(Looker &looker, const std::string &base_globals);

    // A line for each global: its name and how it looks from outside.
    static std::string list_globals(Looker &looker);

private:
    void add(Part part, const char *kind);
    void find_lexical(Looker &looker);
    void find_globals(Looker &looker, const std::string &base_globals);
    void find_last(Looker &looker);
};

} // namespace cv8
