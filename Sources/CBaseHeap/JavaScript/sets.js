// The Set methods of ECMAScript 2025. Sizes are read again where the user's code could change them.
(function (host, shared) {
    'use strict';

    const {
        apply, Set, setAdd, setDelete, setHas, setIteratorNext, setSize, setValues, trunc,
        TypeError,
    } = shared.primordials;
    const { install } = shared.language;
    const { isObject } = shared.lookups;
    const { close, direct, isCallable, notCallable, notObject, over, step } = shared.calls;
    const { RangeError } = globalThis;

    /** What the other set can do, read in the order of the specification. */
    function recordOf(other) {
        if (!isObject(other)) throw notObject(other);
        const number = +other.size;
        if (number !== number) throw new TypeError('The "size" property must be a number');
        const size = trunc(number);
        if (size < 0) throw new RangeError(`'${size}' is an invalid size`);
        const { has } = other;
        if (!isCallable(has)) throw notCallable(has);
        const { keys } = other;
        if (!isCallable(keys)) throw notCallable(keys);
        return {
            __proto__: null,
            size,
            has: (value) => !!apply(has, other, [value]),
            keys() {
                const iterator = apply(keys, other, []);
                if (!isObject(iterator)) throw notObject(iterator);
                return direct(iterator);
            },
        };
    }

    function copyOf(set) {
        const copy = new Set();
        someElement(set, (value) => {
            setAdd(copy, value);
        });
        return copy;
    }

    /** Whether `visit` says yes to an element; it may change the set meanwhile. */
    function someElement(set, visit) {
        const iterator = setValues(set);
        for (;;) {
            const { done, value } = setIteratorNext(iterator);
            if (done) return false;
            if (visit(value)) return true;
        }
    }

    /** Whether `visit` says yes to a key, which ends the iteration. */
    function someKey(iterator, visit) {
        for (let value = step(iterator); value !== over; value = step(iterator)) {
            if (!visit(value)) continue;
            close(iterator);
            return true;
        }
        return false;
    }

    install(Set.prototype, {
        union(other) {
            setSize(this);
            const keys = recordOf(other).keys();
            const result = copyOf(this);
            someKey(keys, (value) => {
                setAdd(result, value);
            });
            return result;
        },
        intersection(other) {
            setSize(this);
            const record = recordOf(other);
            const result = new Set();
            if (setSize(this) <= record.size) {
                someElement(this, (value) => {
                    if (record.has(value)) setAdd(result, value);
                });
            } else {
                someKey(record.keys(), (value) => {
                    if (setHas(this, value)) setAdd(result, value);
                });
            }
            return result;
        },
        difference(other) {
            setSize(this);
            const record = recordOf(other);
            const isSmaller = setSize(this) <= record.size;
            if (isSmaller) {
                const result = copyOf(this);
                someElement(result, (value) => {
                    if (record.has(value)) setDelete(result, value);
                });
                return result;
            }
            const keys = record.keys();
            const result = copyOf(this);
            someKey(keys, (value) => {
                setDelete(result, value);
            });
            return result;
        },
        symmetricDifference(other) {
            setSize(this);
            const keys = recordOf(other).keys();
            const result = copyOf(this);
            someKey(keys, (value) => {
                if (setHas(this, value)) setDelete(result, value);
                else setAdd(result, value);
            });
            return result;
        },
        isSubsetOf(other) {
            setSize(this);
            const record = recordOf(other);
            if (setSize(this) > record.size) return false;
            return !someElement(this, (value) => !record.has(value));
        },
        isSupersetOf(other) {
            setSize(this);
            const record = recordOf(other);
            if (setSize(this) < record.size) return false;
            return !someKey(record.keys(), (value) => !setHas(this, value));
        },
        isDisjointFrom(other) {
            setSize(this);
            const record = recordOf(other);
            if (setSize(this) <= record.size) return !someElement(this, record.has);
            return !someKey(record.keys(), (value) => setHas(this, value));
        },
    });
})
