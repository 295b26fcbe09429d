#pragma once
// Landlock, for what must still read something.

// Refuses all that Landlock can refuse, but to read and to run the program that is open as
// `program` and, for one that is linked when it is started, the linker at the path `linker` and the
// libraries of the system: NULL for one that is not. Returns 0, or -errno where the kernel has no
// Landlock.
int landlock_all_but_program(int program, const char *linker);
