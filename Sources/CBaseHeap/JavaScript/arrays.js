// What ECMAScript 2023 and 2026 added to arrays: changes that are made to a copy, and fromAsync.
(function (host, shared) {
    'use strict';

    const {
        apply, arraySort, construct, defineProperty, max, min, newList, toArray,
        trunc, typedArrayLength, typedArrayName, TypeError,
    } = shared.primordials;
    const { install, lengthOf, toObject, typedArrayPrototype } = shared.language;
    const { isCallable, notCallable } = shared.calls;
    const { Array, BigInt, Number, Proxy, RangeError, Symbol } = globalThis;
    const { MAX_SAFE_INTEGER } = Number;
    const { asyncIterator, iterator: syncIterator } = Symbol;
    const { reverse, set, sort } = typedArrayPrototype;
    const { asIntN } = BigInt;

    const arrayLengthMax = 2 ** 32 - 1;

    const typedArrayConstructors = { __proto__: null };
    for (const name of [
        'Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array',
        'Uint32Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array',
    ]) {
        typedArrayConstructors[name] = globalThis[name];
    }

    const toInteger = (value) => trunc(+value) || 0;

    // The language's ToBigInt; BigInt() would take numbers as well. Both types keep 64 bits.
    const toBigInt = (value) => asIntN(64, value);

    function checkLength(length) {
        if (length > arrayLengthMax) throw new RangeError('Invalid array length');
    }

    function checkComparison(compare) {
        if (compare !== undefined && !isCallable(compare)) {
            throw new TypeError('The comparison function must be either a function or undefined');
        }
    }

    /** A position that may count from the end, as one between 0 and the length. */
    function clamped(value, length) {
        const relative = toInteger(value);
        return relative < 0 ? max(length + relative, 0) : min(relative, length);
    }

    function fromEnd(value, length) {
        const relative = toInteger(value);
        return relative < 0 ? length + relative : relative;
    }

    function append(list, source, start, end) {
        for (let index = start; index < end; index++) list[list.length] = source[index];
    }

    install(Array.prototype, {
        toReversed() {
            const array = toObject(this);
            const length = lengthOf(array);
            checkLength(length);
            const list = newList();
            for (let index = length - 1; index >= 0; index--) list[list.length] = array[index];
            return toArray(list);
        },
        toSorted(compare) {
            checkComparison(compare);
            const array = toObject(this);
            const length = lengthOf(array);
            checkLength(length);
            const list = newList();
            append(list, array, 0, length);
            return toArray(arraySort(list, compare));
        },
        toSpliced(start, skipCount, ...items) {
            const array = toObject(this);
            const length = lengthOf(array);
            const first = clamped(start, length);
            let skipped = 0;
            if (arguments.length === 1) skipped = length - first;
            if (arguments.length > 1) skipped = min(max(toInteger(skipCount), 0), length - first);
            const newLength = length + items.length - skipped;
            if (newLength > MAX_SAFE_INTEGER) throw new TypeError('Invalid array length');
            checkLength(newLength);
            const list = newList();
            append(list, array, 0, first);
            append(list, items, 0, items.length);
            append(list, array, first + skipped, length);
            return toArray(list);
        },
        with(index, value) {
            const array = toObject(this);
            const length = lengthOf(array);
            const position = fromEnd(index, length);
            if (position < 0 || position >= length) throw new RangeError('Invalid index');
            checkLength(length);
            const list = newList();
            append(list, array, 0, position);
            list[position] = value;
            append(list, array, position + 1, length);
            return toArray(list);
        },
    });

    /** A typed array of the same type and content. */
    function copyOf(array) {
        const name = typedArrayName(array);
        if (name === undefined) throw new TypeError('this is not a typed array.');
        const copy = construct(typedArrayConstructors[name], [typedArrayLength(array)]);
        apply(set, copy, [array]);
        return copy;
    }

    install(typedArrayPrototype, {
        toReversed() { return apply(reverse, copyOf(this), []); },
        toSorted(compare) {
            checkComparison(compare);
            return apply(sort, copyOf(this), [compare]);
        },
        with(index, value) {
            const name = typedArrayName(this);
            if (name === undefined) throw new TypeError('this is not a typed array.');
            const position = fromEnd(index, typedArrayLength(this));
            const isBig = name === 'BigInt64Array' || name === 'BigUint64Array';
            const number = isBig ? toBigInt(value) : +value;
            if (position < 0 || position >= typedArrayLength(this)) {
                throw new RangeError('Invalid typed array index');
            }
            const copy = copyOf(this);
            copy[position] = number;
            return copy;
        },
    });

    /** Whether `new value` is possible, found out without running it. */
    function isConstructor(value) {
        try {
            const handler = { __proto__: null, construct: () => ({}) };
            construct(new Proxy(value, handler), []);
            return true;
        } catch {
            return false;
        }
    }

    function defineElement(array, index, value) {
        const isDefined = defineProperty(array, index, {
            __proto__: null, value, writable: true, enumerable: true, configurable: true,
        });
        if (!isDefined) throw new TypeError(`Cannot define property ${index}`);
    }

    async function fromIterator(constructor, source, map, receiver) {
        const array = isConstructor(constructor) ? new constructor() : new Array();
        let index = 0;
        for await (const element of source) {
            const value = map === undefined
                ? element : await apply(map, receiver, [element, index]);
            defineElement(array, index, value);
            index++;
        }
        array.length = index;
        return array;
    }

    async function fromArrayLike(constructor, items, map, receiver) {
        const source = toObject(items);
        const length = lengthOf(source);
        if (!isConstructor(constructor)) checkLength(length);
        const array = isConstructor(constructor) ? new constructor(length) : new Array(length);
        for (let index = 0; index < length; index++) {
            const element = await source[index];
            const value = map === undefined
                ? element : await apply(map, receiver, [element, index]);
            defineElement(array, index, value);
        }
        array.length = length;
        return array;
    }

    async function fromAsync(constructor, items, map, receiver) {
        if (map !== undefined && !isCallable(map)) throw notCallable(map);
        let symbol = asyncIterator;
        let method = items[symbol];
        if (method === undefined || method === null) {
            symbol = syncIterator;
            method = items[symbol];
        }
        if (method === undefined || method === null) {
            return fromArrayLike(constructor, items, map, receiver);
        }
        if (!isCallable(method)) throw notCallable(method);
        const iterator = apply(method, items, []);
        const source = { __proto__: null, [symbol]: () => iterator };
        return fromIterator(constructor, source, map, receiver);
    }

    install(Array, {
        fromAsync(items, map = undefined, receiver = undefined) {
            return fromAsync(this, items, map, receiver);
        },
    });
})
