// `_` and `_error`: what the last run gave, and what it threw. They are accessors until a script
// assigns to them or declares them: then they are its own, for good, as in Node's REPL.
(function (host, shared) {
    'use strict';

    const {
        defineProperty, typedArrayByteLength, Uint8Array,
    } = shared.primordials;

    // Every snapshot holds what is kept here, until the next run replaces it.
    const byteCountMax = 16_777_216;
    const last = { __proto__: null, _: undefined, _error: undefined };
    const isOurs = { __proto__: null, _: true, _error: true };

    function define(name) {
        defineProperty(globalThis, name, {
            __proto__: null, enumerable: false, configurable: true,
            get() { return last[name]; },
            set(value) {
                isOurs[name] = false;
                last[name] = undefined;
                defineProperty(globalThis, name, {
                    __proto__: null, value, writable: true, enumerable: true, configurable: true,
                });
            },
        });
    }

    /** The size that shows without a walk: of texts and bytes. */
    function plainByteCount(value) {
        if (typeof value === 'string') return value.length;
        const kind = host.classOf(value);
        if (kind === 'TypedArray') return typedArrayByteLength(value);
        return kind === 'ArrayBuffer' ? typedArrayByteLength(new Uint8Array(value)) : 0;
    }

    /** Keeps a value for the next run, in the place of the one before. */
    function keepLast(name, value) {
        if (!isOurs[name]) return;
        try {
            last[name] = plainByteCount(value) <= byteCountMax ? value : undefined;
        } catch {
            // A detached buffer.
            last[name] = undefined;
        }
    }

    define('_');
    define('_error');
    shared.last = last;
    shared.keepLast = keepLast;
})
