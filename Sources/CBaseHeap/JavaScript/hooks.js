// What the native side calls. No hook throws for a reason that lies in a user's value, and none
// runs user code except where it says so.
(function (host, shared) {
    'use strict';

    const { defineProperty, errorPrototype } = shared.primordials;
    const { inherits, isObject, unwrapProxy } = shared.lookups;
    const { cutToByteCount, exceedsByteCount } = shared.text;
    const { constructorName } = shared.names;
    const { messageOf, nameOf } = shared.errors;

    const errorByteCountMax = 65_536;
    const unprintable = '[value that cannot be shown]';

    /** Called before each script. Counters, groups and console timers last, as in a REPL. */
    function beginRun() {
        shared.restartClock();
    }

    function textOf(value, options) {
        try {
            return typeof value === 'string' ? value : shared.inspect(value, options);
        } catch {
            return unprintable;
        }
    }

    /**
     * A script's result as [JSON or undefined, text, whether either is cut, what holds its bytes if
     * it is a file, and the type that it claims]. Runs the value's toJSON, custom inspect functions
     * and Symbol.toStringTag getters.
     */
    function describeValue(value, byteLimit) {
        const text = textOf(value, {
            __proto__: null, depth: 2, callsUserCode: true, unitCountMax: byteLimit,
        });
        shared.keepLast('_', value);
        const json = shared.jsonOf(value, byteLimit);
        const isCut = json === null || exceedsByteCount(text, byteLimit);
        // There is no Blob before its script was loaded.
        const isBlob = shared.blobs !== undefined && shared.blobs.isBlob(value);
        return [
            json ?? undefined, cutToByteCount(text, byteLimit), isCut,
            isBlob ? shared.blobs.bytesOfBlob(value) : value,
            isBlob ? shared.blobs.typeOfBlob(value) : undefined,
        ];
    }

    function isError(value) {
        if (!isObject(value)) return false;
        return host.classOf(value) === 'Error' || inherits(value, errorPrototype);
    }

    /** What was thrown as [name, message, stack, whether it is an error]. */
    function describeError(thrown) {
        shared.keepLast('_error', thrown);
        const value = isObject(thrown) ? unwrapProxy(thrown) : thrown;
        const isErrorObject = isError(value);
        const text = textOf(value === null && thrown !== null ? thrown : value, {
            __proto__: null, depth: 2, uncaught: value, unitCountMax: errorByteCountMax,
        });
        const stack = cutToByteCount(text, errorByteCountMax);
        if (!isErrorObject) return [thrown === null ? 'null' : typeof thrown, stack, stack, false];
        try {
            const className = constructorName({ __proto__: null, depth: 2 }, value, 0);
            const name = cutToByteCount(nameOf(value, className), errorByteCountMax);
            const message = cutToByteCount(messageOf(value), errorByteCountMax);
            return [name, message, stack, true];
        } catch {
            return ['Error', '', stack, true];
        }
    }

    /** Makes the heap serialisable; what stands in the way, or undefined. */
    function prepareSnapshot() {
        shared.releaseIntl();
        return undefined;
    }

    // What no snapshot takes: not in heaps. Nothing of it is left where scripts could find it.
    const unserializable = { __proto__: null };
    for (const name of ['SharedArrayBuffer', 'WebAssembly']) {
        // There is no WebAssembly without machine code.
        if (name in globalThis) unserializable[name] = globalThis[name];
        delete globalThis[name];
    }

    /** Called once where the heap is never serialised: everything may be in it. */
    function becomeStateless() {
        for (const name in unserializable) {
            defineProperty(globalThis, name, {
                __proto__: null, value: unserializable[name], writable: true, configurable: true,
            });
        }
    }

    shared.hooks = {
        __proto__: null,
        becomeStateless,
        last: shared.last,
        beginRun, describeValue, describeError, prepareSnapshot,
        makeLate: shared.makeLate,
        nextTimerDelay: shared.timers.nextTimerDelay,
        runDueTimer: shared.timers.runDueTimer,
        clearTimers: shared.timers.clearTimers,
        pendingTimers: shared.timers.pendingTimers,
    };
})
