#pragma once
// Attempts to have more memory than is allowed, or to run what was written there. Negative where
// they were refused.

long make_executable(void);
long make_executable_by_key(void);
long fill_and_protect(void);
long fill_page_tables(void);
long lengthen_the_stack(void);
long move_and_leave(void);
