(function (host, shared) {
    'use strict';
    // V8 10.2 puts these into ordinary contexts only, not into those that can be serialised. The
    // engine is started without V8's own, and these are in both.

    const { Number, Object, Reflect, String, TypeError } = globalThis;
    const { min, trunc } = Math;
    const { MAX_SAFE_INTEGER } = Number;
    const { getOwnPropertyDescriptor, getPrototypeOf } = Object;
    const { apply, defineProperty, ownKeys } = Reflect;
    const { hasOwnProperty } = Object.prototype;
    const typedArrayPrototype = getPrototypeOf(Uint8Array.prototype);
    const { get: typedArrayLength } = getOwnPropertyDescriptor(typedArrayPrototype, 'length');
    const { get: typedArrayName } = getOwnPropertyDescriptor(
        typedArrayPrototype, Symbol.toStringTag);

    function install(target, methods) {
        const names = ownKeys(methods);
        for (let index = 0; index < names.length; index++) {
            const value = methods[names[index]];
            defineProperty(target, names[index], { value, writable: true, configurable: true });
        }
    }

    function toObject(value) {
        if (value === undefined || value === null) {
            throw new TypeError('Cannot convert undefined or null to object');
        }
        return Object(value);
    }

    function lengthOf(object) {
        const length = trunc(+object.length);
        return length > 0 ? min(length, MAX_SAFE_INTEGER) : 0;
    }

    function checkedLength(array) {
        // The name is undefined for what is no typed array; the length is 0 for one detached.
        if (apply(typedArrayName, array, []) === undefined) {
            throw new TypeError('this is not a typed array.');
        }
        return apply(typedArrayLength, array, []);
    }

    function elementAt(object, length, index) {
        const relative = trunc(+index) || 0;
        const position = relative < 0 ? relative + length : relative;
        return position < 0 || position >= length ? undefined : object[position];
    }

    /** The last element that the predicate accepts, as it was when asked for, and its index. */
    function lastMatch(object, length, predicate, receiver) {
        if (typeof predicate !== 'function') {
            throw new TypeError(`${String(predicate)} is not a function`);
        }
        for (let index = length - 1; index >= 0; index--) {
            const value = object[index];
            if (apply(predicate, receiver, [value, index, object])) {
                return { __proto__: null, index, value };
            }
        }
        return { __proto__: null, index: -1, value: undefined };
    }

    install(Object, {
        hasOwn(object, key) { return apply(hasOwnProperty, toObject(object), [key]); },
    });
    install(String.prototype, {
        at(index) {
            if (this === undefined || this === null) {
                throw new TypeError('String.prototype.at called on null or undefined');
            }
            const text = `${this}`;
            return elementAt(text, text.length, index);
        },
    });
    install(Array.prototype, {
        at(index) {
            const array = toObject(this);
            return elementAt(array, lengthOf(array), index);
        },
        findLast(predicate) {
            const array = toObject(this);
            return lastMatch(array, lengthOf(array), predicate, arguments[1]).value;
        },
        findLastIndex(predicate) {
            const array = toObject(this);
            return lastMatch(array, lengthOf(array), predicate, arguments[1]).index;
        },
    });
    install(typedArrayPrototype, {
        at(index) { return elementAt(this, checkedLength(this), index); },
        findLast(predicate) {
            return lastMatch(this, checkedLength(this), predicate, arguments[1]).value;
        },
        findLastIndex(predicate) {
            return lastMatch(this, checkedLength(this), predicate, arguments[1]).index;
        },
    });
    const unscopables = Array.prototype[Symbol.unscopables];
    unscopables.at = true;
    unscopables.findLast = true;
    unscopables.findLastIndex = true;
    unscopables.toReversed = true;
    unscopables.toSorted = true;
    unscopables.toSpliced = true;

    shared.language = { __proto__: null, install, toObject, lengthOf, typedArrayPrototype };
})
