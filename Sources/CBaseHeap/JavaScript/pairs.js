// What interfaces that are lists of pairs have in common: how they are walked.
(function (host, shared) {
    'use strict';

    const {
        apply, defineProperty, deleteProperty, iteratorPrototype, setPrototypeOf, symbolIterator,
        TypeError,
    } = shared.primordials;
    const { defineHidden, ownDescriptorOf } = shared.lookups;
    const { requireCount, setTag, showMembers } = shared.web;

    /** Gives a class `entries`, `keys`, `values` and `forEach`. `pairsOf` throws for others. */
    shared.makePairIterable = (name, { prototype }, pairsOf) => {
        class PairIterator {
            #object;
            #choose;
            #index = 0;
            constructor(object, choose) {
                pairsOf(object);
                this.#object = object;
                this.#choose = choose;
            }
            next() {
                const pairs = pairsOf(this.#object);
                if (this.#index >= pairs.length) return { value: undefined, done: true };
                const choose = this.#choose;
                return { value: choose(pairs[this.#index++]), done: false };
            }
        }
        showMembers(PairIterator.prototype);
        deleteProperty(PairIterator.prototype, 'constructor');
        setPrototypeOf(PairIterator.prototype, iteratorPrototype);
        setTag(PairIterator.prototype, `${name} Iterator`);

        const methods = {
            __proto__: null,
            entries() { return new PairIterator(this, (pair) => [pair[0], pair[1]]); },
            keys() { return new PairIterator(this, (pair) => pair[0]); },
            values() { return new PairIterator(this, (pair) => pair[1]); },
            forEach(callback, receiver = undefined) {
                pairsOf(this);
                requireCount('forEach', arguments, 1);
                if (typeof callback !== 'function') throw new TypeError('Not a function');
                for (let index = 0; index < pairsOf(this).length; index++) {
                    const pair = pairsOf(this)[index];
                    apply(callback, receiver, [pair[1], pair[0], this]);
                }
            },
        };
        for (const key in methods) defineProperty(prototype, key, ownDescriptorOf(methods, key));
        defineHidden(prototype, symbolIterator, methods.entries);
    };
})
