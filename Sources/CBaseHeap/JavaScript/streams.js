// What the streams of the Streams Standard have in common: promises, queues with sizes, strategies.
// The state of each stream is a plain record that its object holds; the algorithms have the names
// of the standard, as far as they have one there.
(function (host, shared) {
    'use strict';

    const {
        apply, isNaN, max, newList, Number, Promise, promiseResolve, promiseThen, RangeError,
        TypeError,
    } = shared.primordials;
    const { isObject } = shared.lookups;
    const { dictionaryOf, offer, requireCount } = shared.web;

    const nothing = () => undefined;

    /** A promise with its `resolve` and `reject`. */
    function deferred() {
        const made = { __proto__: null };
        made.isSettled = false;
        made.promise = new Promise((resolve, reject) => {
            const settledBy = (settle) => (value) => {
                made.isSettled = true;
                settle(value);
            };
            made.resolve = settledBy(resolve);
            made.reject = settledBy(reject);
        });
        return made;
    }

    const resolvedWith = (value) => apply(promiseResolve, Promise, [value]);
    const rejectedWith = (error) => new Promise((resolve, reject) => reject(error));

    /** Has a rejection of the promise be nobody's failure. */
    function ignore(promise) {
        promiseThen(promise, undefined, nothing);
        return promise;
    }

    /** Calls a function; what it throws becomes a rejection. */
    function promiseOf(call) {
        try {
            return resolvedWith(call());
        } catch (error) {
            return rejectedWith(error);
        }
    }

    /** Takes the first element off a list. */
    function takeFirst(list) {
        const first = list[0];
        for (let index = 1; index < list.length; index++) list[index - 1] = list[index];
        list.length -= 1;
        return first;
    }

    /** A queue of values that have sizes; of lists that grow, the front is cut off now and then. */
    class SizedQueue {
        #items = newList();
        #first = 0;
        total = 0;
        get length() { return this.#items.length - this.#first; }
        add(value, size) {
            const number = Number(size);
            if (!(number >= 0) || number === Infinity) {
                throw new RangeError('The size of a chunk must be a finite number, not negative');
            }
            this.#items[this.#items.length] = { __proto__: null, value, size: number };
            this.total += number;
        }
        get front() { return this.#items[this.#first].value; }
        take() {
            const item = this.#items[this.#first];
            this.#items[this.#first++] = undefined;
            if (this.#first > 32 && this.#first * 2 > this.#items.length) this.#compact();
            // As the standard has it: what rounding leaves over stays.
            this.total = max(0, this.total - item.size);
            return item.value;
        }
        #compact() {
            const rest = newList();
            for (let index = this.#first; index < this.#items.length; index++) {
                rest[rest.length] = this.#items[index];
            }
            this.#items = rest;
            this.#first = 0;
        }
        clear() {
            this.#items = newList();
            this.#first = 0;
            this.total = 0;
        }
    }

    /** A method of a user's object, bound to it; undefined if there is none. */
    function methodOf(object, name) {
        const method = object[name];
        if (method === undefined) return undefined;
        if (typeof method !== 'function') throw new TypeError(`${name} must be a function`);
        return (...args) => apply(method, object, args);
    }

    /** The user's object with the algorithms of a stream. */
    function underlying(object) {
        if (object === undefined) return { __proto__: null };
        if (!isObject(object)) throw new TypeError('What a stream is made of must be an object');
        return object;
    }

    /** The parts of a strategy, read in the order of their names. */
    function strategyOf(value, defaultMark) {
        const strategy = dictionaryOf(value);
        const { highWaterMark } = strategy;
        const mark = highWaterMark === undefined ? defaultMark : Number(highWaterMark);
        const { size } = strategy;
        if (size !== undefined && typeof size !== 'function') {
            throw new TypeError('size must be a function');
        }
        // Not called as a method.
        const sizeOf = size === undefined ? () => 1 : (chunk) => size(chunk);
        return { __proto__: null, mark, size: sizeOf };
    }

    function checkMark({ mark }) {
        if (isNaN(mark) || mark < 0) {
            throw new RangeError('highWaterMark must be a number, not negative');
        }
        return mark;
    }

    function makeStrategy(name, size) {
        let isOne;
        const constructor = {
            [name]: class {
                #mark;
                static {
                    isOne = (value) => isObject(value) && #mark in value;
                }
                constructor(init) {
                    requireCount(name, arguments, 1);
                    const { highWaterMark } = dictionaryOf(init);
                    if (highWaterMark === undefined) {
                        throw new TypeError('highWaterMark is required');
                    }
                    this.#mark = Number(highWaterMark);
                }
                get highWaterMark() { return this.#mark; }
                get size() {
                    this.#mark;
                    return size;
                }
            },
        }[name];
        offer(name, constructor, isOne, () => ['highWaterMark']);
    }
    makeStrategy('CountQueuingStrategy', { size: () => 1 }.size);
    makeStrategy('ByteLengthQueuingStrategy', { size: (chunk) => chunk.byteLength }.size);

    shared.streams = {
        __proto__: null,
        checkMark, deferred, ignore, methodOf, nothing, promiseOf, rejectedWith, resolvedWith,
        SizedQueue, strategyOf, takeFirst, underlying,
    };
})
