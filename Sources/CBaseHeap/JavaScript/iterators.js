// Iterator and its helpers, ECMAScript 2025, and Iterator.concat of 2026. A helper is a small state
// machine rather than a generator: a snapshot in the middle of one keeps it as plain data.
(function (host, shared) {
    'use strict';

    const {
        apply, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, newList,
        setPrototypeOf, symbolIterator, symbolToStringTag, toArray, trunc, TypeError,
    } = shared.primordials;
    const { install } = shared.language;
    const { defineHidden, isObject } = shared.lookups;
    const {
        callOrClose, close, closeWith, direct, flattenable, isCallable, notCallable, notObject,
        over, step,
    } = shared.calls;
    const { RangeError } = globalThis;
    const { deleteProperty } = Reflect;

    const iteratorPrototype = getPrototypeOf(getPrototypeOf([][symbolIterator]()));
    const resultOf = (value, done) => ({ value, done });

    // No class: the prototype of one cannot be replaced.
    function Iterator() {
        if (new.target === undefined || new.target === Iterator) {
            throw new TypeError('Abstract class Iterator not directly constructable');
        }
    }
    defineProperty(Iterator, 'prototype', {
        __proto__: null, value: iteratorPrototype, writable: false,
    });
    defineHidden(globalThis, 'Iterator', Iterator);

    /** A class's prototype as one of iterators that no script can construct. */
    function asIteratorPrototype(prototype, tag) {
        setPrototypeOf(prototype, iteratorPrototype);
        deleteProperty(prototype, 'constructor');
        if (tag === undefined) return;
        defineProperty(prototype, symbolToStringTag, {
            __proto__: null, value: tag, configurable: true,
        });
    }

    class Helper {
        #state = 'waiting';
        #advance;
        #closeAll;
        /** `advance` gives the next value or `over`; `closeAll` ends what it reads from. */
        constructor(advance, closeAll) {
            this.#advance = advance;
            this.#closeAll = closeAll;
        }
        next() {
            if (this.#state === 'running') throw new TypeError('Generator is already running');
            if (this.#state === 'over') return resultOf(undefined, true);
            let value = over;
            this.#state = 'running';
            const advance = this.#advance;
            try {
                value = advance();
            } finally {
                this.#state = value === over ? 'over' : 'yielded';
            }
            return value === over ? resultOf(undefined, true) : resultOf(value, false);
        }
        return() {
            if (this.#state === 'running') throw new TypeError('Generator is already running');
            if (this.#state === 'over') return resultOf(undefined, true);
            this.#state = this.#state === 'waiting' ? 'over' : 'running';
            const closeAll = this.#closeAll;
            try {
                closeAll();
            } finally {
                this.#state = 'over';
            }
            return resultOf(undefined, true);
        }
    }
    asIteratorPrototype(Helper.prototype, 'Iterator Helper');

    class Wrapper {
        #record;
        constructor(record) { this.#record = record; }
        next() {
            const { iterator, next } = this.#record;
            return apply(next, iterator, []);
        }
        return() {
            const { iterator } = this.#record;
            const method = iterator.return;
            if (method === undefined || method === null) return resultOf(undefined, true);
            return apply(method, iterator, []);
        }
    }
    asIteratorPrototype(Wrapper.prototype);

    function checkObject(value) {
        if (!isObject(value)) throw notObject(value);
    }

    /** The receiver with a callback. A value that is none closes the receiver. */
    function receiverWith(iterator, callback) {
        checkObject(iterator);
        if (!isCallable(callback)) {
            closeWith({ __proto__: null, iterator }, notCallable(callback));
        }
        return direct(iterator);
    }

    const countMax = 2 ** 53 - 1;

    /** The receiver with a number of elements. */
    function countFor(iterator, limit) {
        checkObject(iterator);
        const record = { __proto__: null, iterator };
        const number = callOrClose(record, () => +limit);
        const count = trunc(number);
        const isTooLarge = count > countMax && count < 1 / 0;
        if (!(count >= 0) || isTooLarge) {
            const wanted = isTooLarge ? 'at most 2 ** 53 - 1' : 'positive';
            closeWith(record, new RangeError(`${number} must be ${wanted}`));
        }
        return count;
    }

    const helperOn = (record, advance) => new Helper(advance, () => close(record));

    function mapped(iterator, mapper) {
        const record = receiverWith(iterator, mapper);
        let index = 0;
        return helperOn(record, () => {
            const value = step(record);
            return value === over ? over : callOrClose(record, mapper, value, index++);
        });
    }

    function filtered(iterator, predicate) {
        const record = receiverWith(iterator, predicate);
        let index = 0;
        return helperOn(record, () => {
            for (;;) {
                const value = step(record);
                if (value === over || callOrClose(record, predicate, value, index++)) return value;
            }
        });
    }

    function taken(iterator, limit) {
        let remaining = countFor(iterator, limit);
        const record = direct(iterator);
        return helperOn(record, () => {
            if (remaining > 0) {
                remaining--;
                return step(record);
            }
            close(record);
            return over;
        });
    }

    function dropped(iterator, limit) {
        let remaining = countFor(iterator, limit);
        const record = direct(iterator);
        return helperOn(record, () => {
            for (; remaining > 0; remaining--) {
                if (step(record) === over) return over;
            }
            return step(record);
        });
    }

    function flattened(iterator, mapper) {
        const record = receiverWith(iterator, mapper);
        let index = 0;
        let inner;
        const advance = () => {
            for (;;) {
                if (inner === undefined) {
                    const value = step(record);
                    if (value === over) return over;
                    inner = callOrClose(record, () =>
                        flattenable(apply(mapper, undefined, [value, index++]), false));
                }
                const value = callOrClose(record, step, inner);
                if (value !== over) return value;
                inner = undefined;
            }
        };
        return new Helper(advance, () => {
            if (inner !== undefined) callOrClose(record, close, inner);
            close(record);
        });
    }

    /** Calls back for each value until `visit` returns something else than undefined. */
    function visitAll(iterator, callback, visit) {
        const record = receiverWith(iterator, callback);
        for (let index = 0; ; index++) {
            const value = step(record);
            if (value === over) return undefined;
            const found = visit(callOrClose(record, callback, value, index), value);
            if (found === undefined) continue;
            close(record);
            return found;
        }
    }

    install(iteratorPrototype, {
        map(mapper) { return mapped(this, mapper); },
        filter(predicate) { return filtered(this, predicate); },
        take(limit) { return taken(this, limit); },
        drop(limit) { return dropped(this, limit); },
        flatMap(mapper) { return flattened(this, mapper); },
        reduce(reducer) {
            const record = receiverWith(this, reducer);
            let index = 0;
            let result = arguments[1];
            if (arguments.length < 2) {
                result = step(record);
                if (result === over) {
                    throw new TypeError('Reduce of a done iterator with no initial value');
                }
                index = 1;
            }
            for (let value = step(record); value !== over; value = step(record)) {
                result = callOrClose(record, reducer, result, value, index++);
            }
            return result;
        },
        toArray() {
            checkObject(this);
            const record = direct(this);
            const list = newList();
            for (let value = step(record); value !== over; value = step(record)) {
                list[list.length] = value;
            }
            return toArray(list);
        },
        forEach(callback) {
            visitAll(this, callback, () => undefined);
        },
        some(predicate) {
            return visitAll(this, predicate, (is) => (is ? true : undefined)) === true;
        },
        every(predicate) {
            return visitAll(this, predicate, (is) => (is ? undefined : false)) !== false;
        },
        find(predicate) {
            return visitAll(this, predicate, (is, value) => (is ? [value] : undefined))?.[0];
        },
    });

    install(Iterator, {
        from(value) {
            const record = flattenable(value, true);
            const { iterator } = record;
            return inheritsIterator(iterator) ? iterator : new Wrapper(record);
        },
        concat(...items) {
            const sources = newList();
            for (let index = 0; index < items.length; index++) {
                const item = items[index];
                checkObject(item);
                const method = item[symbolIterator];
                if (!isCallable(method)) throw notCallable(method);
                sources[index] = { __proto__: null, item, method };
            }
            let position = 0;
            let inner;
            const advance = () => {
                for (;;) {
                    if (inner === undefined) {
                        if (position >= sources.length) return over;
                        const { item, method } = sources[position++];
                        const iterator = apply(method, item, []);
                        checkObject(iterator);
                        inner = direct(iterator);
                    }
                    const value = step(inner);
                    if (value !== over) return value;
                    inner = undefined;
                }
            };
            return new Helper(advance, () => {
                if (inner !== undefined) close(inner);
            });
        },
    });

    const { [Symbol.hasInstance]: hasInstance } = Function.prototype;
    const inheritsIterator = (value) => apply(hasInstance, Iterator, [value]);

    /** A property that an assignment to an heir defines there, as if it were not read-only. */
    function defineWeird(key) {
        const { get, set } = getOwnPropertyDescriptor(weird, key);
        defineProperty(iteratorPrototype, key, {
            __proto__: null, get, set, enumerable: false, configurable: true,
        });
    }

    function setOnHeir(receiver, key, value) {
        checkObject(receiver);
        if (receiver === iteratorPrototype) throw new TypeError('Cannot assign to this property');
        if (getOwnPropertyDescriptor(receiver, key) !== undefined) {
            receiver[key] = value;
            return;
        }
        const isDefined = defineProperty(receiver, key, {
            __proto__: null, value, writable: true, enumerable: true, configurable: true,
        });
        if (!isDefined) throw new TypeError('Cannot define the property');
    }

    const weird = {
        get [symbolToStringTag]() { return 'Iterator'; },
        set [symbolToStringTag](value) { setOnHeir(this, symbolToStringTag, value); },
        get constructor() { return Iterator; },
        set constructor(value) { setOnHeir(this, 'constructor', value); },
    };
    defineWeird(symbolToStringTag);
    defineWeird('constructor');
})
