// Iterators and callbacks as the specification's abstract operations have them. What they meet is
// the user's, and is used as the specification says: every read and call can be observed.
(function (host, shared) {
    'use strict';

    const { apply, TypeError } = shared.primordials;
    const { isObject } = shared.lookups;

    const isCallable = (value) => typeof value === 'function';

    function describe(value) {
        try {
            return typeof value === 'string' ? `"${value}"` : shared.inspect(value, {
                __proto__: null, depth: 0,
            });
        } catch {
            return 'value';
        }
    }

    const notCallable = (value) => new TypeError(`${describe(value)} is not a function`);
    const notObject = (value) => new TypeError(`${describe(value)} is not an object`);

    /** What `step` returns at the end. */
    const over = { __proto__: null };

    /** The iterator with its `next`, which is read once. */
    const direct = (iterator) => ({ __proto__: null, iterator, next: iterator.next });

    /** The next value, or `over`. */
    function step(record) {
        const result = apply(record.next, record.iterator, []);
        if (!isObject(result)) throw notObject(result);
        return result.done ? over : result.value;
    }

    /** Closes an iterator that is not at its end. */
    function close(record) {
        const { iterator } = record;
        const method = iterator.return;
        if (method === undefined || method === null) return;
        const result = apply(method, iterator, []);
        if (!isObject(result)) throw notObject(result);
    }

    shared.calls = {
        __proto__: null,
        isCallable, notCallable, notObject, over, direct, step, close,
    };
})
