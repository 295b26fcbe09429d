// Single functions that ECMAScript 2024 to 2026 added: groupBy, withResolvers, try, isWellFormed,
// toWellFormed, RegExp.escape, Error.isError, Math.sumPrecise.
(function (host, shared) {
    'use strict';

    const {
        apply, bigintToString, create, is, Map, mapEntries, mapGet, mapIteratorNext, mapSet,
        newList, numberToString, Object, ownKeys, stringCharCodeAt, stringIncludes, stringPadStart,
        stringSlice, toArray, TypeError,
    } = shared.primordials;
    const { install } = shared.language;
    const { isObject } = shared.lookups;
    const { isCallable, notCallable, notObject } = shared.calls;
    const { BigInt, Float64Array, BigUint64Array, Math, Number, Promise, RegExp } = globalThis;
    const { isFinite } = Number;

    /** The language's ToPropertyKey. */
    const toPropertyKey = (value) =>
        (isObject(value) ? ownKeys({ __proto__: null, [value]: 0 })[0]
            : typeof value === 'symbol' ? value : `${value}`);

    /** The items' groups by key, in the order of their first items. */
    function groupsOf(items, callback, keyOf) {
        if (items === undefined || items === null) {
            throw new TypeError(`${items} is not iterable`);
        }
        if (!isCallable(callback)) throw notCallable(callback);
        const groups = new Map();
        let index = 0;
        for (const item of items) {
            const key = keyOf(apply(callback, undefined, [item, index++]));
            let group = mapGet(groups, key);
            if (group === undefined) {
                group = newList();
                mapSet(groups, key, group);
            }
            group[group.length] = item;
        }
        return groups;
    }

    function eachGroup(groups, visit) {
        const iterator = mapEntries(groups);
        for (;;) {
            const { done, value } = mapIteratorNext(iterator);
            if (done) return;
            visit(value[0], toArray(value[1]));
        }
    }

    install(Object, {
        groupBy(items, callback) {
            const groups = groupsOf(items, callback, toPropertyKey);
            const result = create(null);
            eachGroup(groups, (key, group) => {
                result[key] = group;
            });
            return result;
        },
    });
    install(Map, {
        groupBy(items, callback) {
            const groups = groupsOf(items, callback, (key) => key);
            const result = new Map();
            eachGroup(groups, (key, group) => {
                mapSet(result, key, group);
            });
            return result;
        },
    });

    /** The specification's NewPromiseCapability. */
    function capabilityOf(constructor) {
        let resolve;
        let reject;
        if (!isCallable(constructor)) throw new TypeError('The receiver must be a constructor');
        const promise = new constructor((first, second) => {
            if (resolve !== undefined || reject !== undefined) {
                throw new TypeError('Promise executor has already been invoked');
            }
            resolve = first;
            reject = second;
        });
        if (!isCallable(resolve) || !isCallable(reject)) {
            throw new TypeError('Promise resolve or reject function is not callable');
        }
        return { promise, resolve, reject };
    }

    install(Promise, {
        withResolvers() { return capabilityOf(this); },
        try(callback, ...args) {
            if (!isObject(this)) throw notObject(this);
            const { promise, resolve, reject } = capabilityOf(this);
            let value;
            try {
                value = apply(callback, undefined, args);
            } catch (error) {
                apply(reject, undefined, [error]);
                return promise;
            }
            apply(resolve, undefined, [value]);
            return promise;
        },
    });

    const isHigh = (unit) => unit >= 0xD800 && unit <= 0xDBFF;
    const isLow = (unit) => unit >= 0xDC00 && unit <= 0xDFFF;

    /** The index of the first surrogate at or after `start` that is no half of a pair, or -1. */
    function loneSurrogate(text, start) {
        for (let index = start; index < text.length; index++) {
            const unit = stringCharCodeAt(text, index);
            if (unit < 0xD800 || unit > 0xDFFF) continue;
            if (!isHigh(unit) || !isLow(stringCharCodeAt(text, index + 1))) return index;
            index++;
        }
        return -1;
    }

    function toWellFormed(text) {
        let start = 0;
        let result = '';
        for (;;) {
            const index = loneSurrogate(text, start);
            if (index < 0) return start === 0 ? text : result + stringSlice(text, start);
            result += `${stringSlice(text, start, index)}\uFFFD`;
            start = index + 1;
        }
    }

    function receiverText(value, method) {
        if (value === undefined || value === null) {
            throw new TypeError(`String.prototype.${method} called on null or undefined`);
        }
        return `${value}`;
    }

    install(String.prototype, {
        isWellFormed() { return loneSurrogate(receiverText(this, 'isWellFormed'), 0) < 0; },
        toWellFormed() { return toWellFormed(receiverText(this, 'toWellFormed')); },
    });

    const isAlphanumeric = (unit) =>
        (unit >= 0x30 && unit <= 0x39) || (unit >= 0x41 && unit <= 0x5A) ||
        (unit >= 0x61 && unit <= 0x7A);

    const controlEscapes = {
        __proto__: null, '\t': 't', '\n': 'n', '\v': 'v', '\f': 'f', '\r': 'r',
    };
    const punctuators = ',-=<>#&!%:;@~\'`"';
    const spaces = ' \xA0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009' +
        '\u200A\u2028\u2029\u202F\u205F\u3000\uFEFF';

    const hex = (unit) => (unit < 256
        ? `\\x${stringPadStart(numberToString(unit, 16), 2, '0')}`
        : `\\u${stringPadStart(numberToString(unit, 16), 4, '0')}`);

    function escapedUnit(text, index) {
        const letter = text[index];
        const unit = stringCharCodeAt(letter, 0);
        if (index === 0 && isAlphanumeric(unit)) return hex(unit);
        if (stringIncludes('^$\\.*+?()[]{}|/', letter)) return `\\${letter}`;
        const control = controlEscapes[letter];
        if (control !== undefined) return `\\${control}`;
        const isEscaped = stringIncludes(punctuators, letter) || stringIncludes(spaces, letter);
        return isEscaped ? hex(unit) : letter;
    }

    install(RegExp, {
        escape(text) {
            if (typeof text !== 'string') throw new TypeError('The argument must be a string');
            let result = '';
            let lone = loneSurrogate(text, 0);
            for (let index = 0; index < text.length; index++) {
                const isLone = index === lone;
                if (isLone) lone = loneSurrogate(text, index + 1);
                result += isLone ? hex(stringCharCodeAt(text, index)) : escapedUnit(text, index);
            }
            return result;
        },
    });

    install(Error, { isError(value) { return host.classOf(value) === 'Error'; } });

    const float = new Float64Array(1);
    const bits = new BigUint64Array(float.buffer);

    /** A finite number as a whole multiple of 2 ** -1074. */
    function scaled(number) {
        float[0] = number;
        const exponent = (bits[0] >> 52n) & 0x7FFn;
        const fraction = bits[0] & 0xF_FFFF_FFFF_FFFFn;
        const size = exponent === 0n ? fraction : (fraction | 1n << 52n) << (exponent - 1n);
        return number < 0 ? -size : size;
    }

    /** The nearest number to a whole multiple of 2 ** -1074. */
    function unscaled(sum) {
        const size = sum < 0n ? -sum : sum;
        const shift = bigintToString(size, 2).length - 64;
        if (shift <= 0) return Number(sum) * 2 ** -1074;
        const lost = size & ((1n << BigInt(shift)) - 1n);
        // A last bit that stands for all that are lost keeps the rounding right.
        const rounded = Number(size >> BigInt(shift) | (lost === 0n ? 0n : 1n));
        const half = shift - 1074 > 0 ? 0 : -500;
        const result = rounded * 2 ** half * 2 ** (shift - 1074 - half);
        return sum < 0n ? -result : result;
    }

    install(Math, {
        sumPrecise(items) {
            if (items === undefined || items === null) {
                throw new TypeError(`${items} is not iterable`);
            }
            let sum = 0n;
            let special = -0;
            for (const item of items) {
                if (typeof item !== 'number') throw new TypeError('A number was expected');
                if (!isFinite(item)) special += item;
                else if (item !== 0) sum += scaled(item);
                if (is(special, -0) && !is(item, -0)) special = 0;
            }
            return special !== 0 || sum === 0n ? special : unscaled(sum);
        },
    });

    shared.strings = { __proto__: null, toWellFormed };
})
