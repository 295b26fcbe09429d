#pragma once
// What a broken-out script would try, with bare system calls. Each attempt is for a process of its
// own: it may end it.

#ifdef __cplusplus
extern "C" {
#endif

// How many attempts there are.
int attack_count(void);

// What attempt number `index` does.
const char *attack_name(int index);

// Tries it. `target` is a process that is not the caller's, `socket` the caller's channel, `file`
// one that only its user may read. Returns 0 if it was refused, 1 if it succeeded.
int attack_try(int index, int target, int socket, const char *file);

// Whether this process may make a user namespace, found out by another one: 1 or 0.
int attack_may_make_user_namespace(void);

#ifdef __cplusplus
}
#endif
