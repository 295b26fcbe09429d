// Iterators and callbacks as the specification's abstract operations have them. What they meet is
// the user's, and is used as the specification says: every read and call can be observed.
(function (host, shared) {
    'use strict';

    const { apply, symbolIterator, TypeError } = shared.primordials;
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

    /** Closes the iterator for an error, which is thrown whatever closing does. */
    function closeWith(record, error) {
        try {
            close(record);
        } catch {
            // The first error counts.
        }
        throw error;
    }

    /** Calls back; an error closes the iterator. */
    function callOrClose(record, callback, ...values) {
        try {
            return apply(callback, undefined, values);
        } catch (error) {
            return closeWith(record, error);
        }
    }

    /** The iterator of an iterable, or the object itself as an iterator. */
    function flattenable(value, takesStrings) {
        const isTaken = isObject(value) || (takesStrings && typeof value === 'string');
        if (!isTaken) throw notObject(value);
        const method = value[symbolIterator];
        let iterator = value;
        if (method !== undefined && method !== null) iterator = apply(method, value, []);
        if (!isObject(iterator)) throw notObject(iterator);
        return direct(iterator);
    }

    shared.calls = {
        __proto__: null,
        isCallable, notCallable, notObject, over, direct, step, close, closeWith, callOrClose,
        flattenable,
    };
})
