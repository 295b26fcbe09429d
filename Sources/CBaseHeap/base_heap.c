#include "CBaseHeap.h"
static const char stub[] = "(function (host, shared) { 'use strict'; shared.hooks = {__proto__: null, beginRun(){}, describeValue(v){ let j; try { j = JSON.stringify(v) } catch {} return [j, String(v)] }, describeError(e){ return [e?.name ?? typeof e, String(e?.message ?? e), String(e?.stack ?? e)] }, nextTimerDelay(){return -1}, runDueTimer(){}, clearTimers(){}, pendingTimers(){return ''}, prepareSnapshot(){} }; globalThis.console = {log(...a){host.write(1, a.join(' '))}}; Error.stackTraceLimit = 10; })";
const base_heap_script base_heap_scripts[] = {{"mcp-v8:stub.js", stub, sizeof stub - 1}};
const size_t base_heap_script_count = 1;
