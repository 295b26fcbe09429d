#pragma once
// Programs for the kernel's filter of system calls, rule by rule.
//
// Every program begins by ending whoever calls by another architecture's numbers, and answers what
// no rule names with its refusal. The number of the call is at hand between any two rules.

#include <linux/filter.h>
#include <stdint.h>

typedef struct {
    struct sock_filter code[400];
    unsigned short count;
    // What happens to a call that is not allowed: SECCOMP_RET_….
    uint32_t refusal;
} filter_program;

filter_program filter_begin(uint32_t refusal);

// Calls with any arguments. The arrays end with -1.
void filter_allow(filter_program *to, int call);
void filter_allow_all(filter_program *to, const int calls[]);

// Calls that fail with an error, whatever becomes of others: libraries ask for these out of habit,
// or because this processor or this kernel has something new, and take no for an answer.
void filter_fail(filter_program *to, int call, int error);
void filter_fail_all(filter_program *to, const int calls[], int error);

// A call whose arguments are checked: filter_rule, some of filter_require…, filter_end. The kernel
// reads the lower half of an argument only where it expects an int, and so do these; the ones that
// are called whole look at both halves.
unsigned short filter_rule(filter_program *to, int call);
void filter_require(filter_program *to, int index, int value);
void filter_require_any_of(filter_program *to, int index, const int values[], int count);
void filter_require_whole(filter_program *to, int index, uint32_t value);
void filter_require_set(filter_program *to, int index, uint32_t bits);
void filter_require_clear(filter_program *to, int index, uint32_t bits);
void filter_require_not_all(filter_program *to, int index, uint32_t bits);
void filter_require_at_least(filter_program *to, int index, uint32_t value);
void filter_end(filter_program *to, unsigned short rule);

// Gives the program to the kernel, for every thread of this process and for good. Returns 0 or
// -errno.
int filter_install(filter_program *program);
