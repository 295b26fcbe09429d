// Single functions of ECMAScript 2026 that the engine lacks: Math.sumPrecise, Iterator.concat, and
// getOrInsert of Map and WeakMap.
(function (host, shared) {
    'use strict';

    const {
        apply, bigintToString, defineProperty, deleteProperty, is, iteratorPrototype, mapGet,
        mapHas, mapSet, newList, setPrototypeOf, symbolIterator, TypeError, weakMapGet, weakMapHas,
        weakMapSet,
    } = shared.primordials;
    const { install, isObject } = shared.lookups;
    const { close, direct, isCallable, notCallable, notObject, over, step } = shared.calls;
    const { BigInt, Float64Array, BigUint64Array, Math, Number } = globalThis;
    const { isFinite } = Number;

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

    const resultOf = (value, done) => ({ value, done });

    /** The iterators' values, one after another. As plain state, a snapshot may come in between. */
    class Concatenation {
        #state = 'waiting';
        #sources;
        #position = 0;
        #inner;
        constructor(sources) { this.#sources = sources; }
        next() {
            if (this.#state === 'running') throw new TypeError('Generator is already running');
            if (this.#state === 'over') return resultOf(undefined, true);
            let value = over;
            this.#state = 'running';
            try {
                value = this.#advance();
            } finally {
                this.#state = value === over ? 'over' : 'yielded';
            }
            return value === over ? resultOf(undefined, true) : resultOf(value, false);
        }
        return() {
            if (this.#state === 'running') throw new TypeError('Generator is already running');
            if (this.#state === 'over') return resultOf(undefined, true);
            this.#state = 'running';
            try {
                if (this.#inner !== undefined) close(this.#inner);
            } finally {
                this.#state = 'over';
            }
            return resultOf(undefined, true);
        }
        #advance() {
            for (;;) {
                if (this.#inner === undefined) {
                    if (this.#position >= this.#sources.length) return over;
                    const { item, method } = this.#sources[this.#position++];
                    const iterator = apply(method, item, []);
                    if (!isObject(iterator)) throw notObject(iterator);
                    this.#inner = direct(iterator);
                }
                const value = step(this.#inner);
                if (value !== over) return value;
                this.#inner = undefined;
            }
        }
    }
    setPrototypeOf(Concatenation.prototype, iteratorPrototype);
    deleteProperty(Concatenation.prototype, 'constructor');
    defineProperty(Concatenation.prototype, Symbol.toStringTag, {
        __proto__: null, value: 'Iterator Helper', configurable: true,
    });

    install(globalThis.Iterator, {
        concat(...items) {
            const sources = newList();
            for (let index = 0; index < items.length; index++) {
                const item = items[index];
                if (!isObject(item)) throw notObject(item);
                const method = item[symbolIterator];
                if (!isCallable(method)) throw notCallable(method);
                sources[index] = { __proto__: null, item, method };
            }
            return new Concatenation(sources);
        },
    });

    /** The value of a key, which is asked for and kept where there is none. */
    function computed(map, key, callback, { has, get, set }) {
        has(map, key);
        if (!isCallable(callback)) throw notCallable(callback);
        if (has(map, key)) return get(map, key);
        // The specification's one zero.
        const value = callback(key === 0 ? 0 : key);
        set(map, key, value);
        return value;
    }

    const registered = Symbol.keyFor;
    const canBeHeldWeakly = (value) =>
        isObject(value) || (typeof value === 'symbol' && registered(value) === undefined);

    const ofMap = { __proto__: null, has: mapHas, get: mapGet, set: mapSet };
    const ofWeakMap = { __proto__: null, has: weakMapHas, get: weakMapGet, set: weakMapSet };
    install(globalThis.Map.prototype, {
        getOrInsert(key, value) {
            if (mapHas(this, key)) return mapGet(this, key);
            mapSet(this, key, value);
            return value;
        },
        getOrInsertComputed(key, callback) { return computed(this, key, callback, ofMap); },
    });
    install(globalThis.WeakMap.prototype, {
        getOrInsert(key, value) {
            if (weakMapHas(this, key)) return weakMapGet(this, key);
            weakMapSet(this, key, value);
            return value;
        },
        getOrInsertComputed(key, callback) {
            if (!canBeHeldWeakly(key)) throw new TypeError('Invalid value used as weak map key');
            return computed(this, key, callback, ofWeakMap);
        },
    });
})
