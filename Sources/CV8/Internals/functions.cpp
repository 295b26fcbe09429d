// Functions that V8 has and does not export: jumps to where they are. The engine's program is at a
// fixed address.

#include "machine.h"
#include "table.h"

#define TEXT(value) #value
#define EXPANDED(value) TEXT(value)

#define FUNCTION(name, need, symbol, why, proof)                                                   \
    asm(".text\n" CV8_JUMP(symbol, EXPANDED(CV8_ADDRESS_##name)));
#define CALLS(name, need, symbol, caller, why, proof)
#define OFFSET(name, need, value, why, proof)
#define FLAG(need, text, why, proof)
#include "entries.def"
