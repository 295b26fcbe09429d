#pragma once
#include <stdbool.h>

enum {
    // How many descriptors a tool may have.
    csandbox_tool_descriptor_count = 32,
    // The only one that may be run, which is closed when it is.
    csandbox_tool_program = csandbox_tool_descriptor_count,
};

// Leaves this process the system calls that a program needs which turns its standard input into
// its output, and the one that starts it. What is not allowed fails as if the kernel did not have
// it. A program that is not linked when it is started opens no file at all.
int csandbox_filter_tool(bool is_linked_at_start);
