// URLSearchParams: a list of pairs that is written into its URL at every change.
(function (host, shared) {
    'use strict';

    const {
        arraySort, join, newList, ownKeys, propertyIsEnumerable, stringSlice, stringStartsWith,
        symbolIterator, toArray, TypeError,
    } = shared.primordials;
    const { isObject } = shared.lookups;
    const { offer, requireCount, usv } = shared.web;
    shared.load('pairs.js');
    shared.load('url-text.js');
    const { parseForm, serializeForm } = shared.urlText;

    let linkTo;
    let pairsOf;
    let isParams;

    function pairOf(name, value) {
        const pair = newList();
        pair[0] = name;
        pair[1] = value;
        return pair;
    }

    function pairsFromSequence(init) {
        const pairs = newList();
        for (const item of init) {
            if (!isObject(item) || typeof item[symbolIterator] !== 'function') {
                throw new TypeError('Each query pair must be an iterable [name, value] tuple');
            }
            const parts = newList();
            for (const part of item) parts[parts.length] = usv(part);
            if (parts.length !== 2) {
                throw new TypeError('Each query pair must be an iterable [name, value] tuple');
            }
            pairs[pairs.length] = parts;
        }
        return pairs;
    }

    function pairsFromRecord(init) {
        const pairs = newList();
        const keys = ownKeys(init);
        for (let index = 0; index < keys.length; index++) {
            const key = keys[index];
            if (!propertyIsEnumerable(init, key)) continue;
            const name = usv(key);
            const value = usv(init[key]);
            let position = 0;
            while (position < pairs.length && pairs[position][0] !== name) position++;
            pairs[position] = pairOf(name, value);
        }
        return pairs;
    }

    function pairsFrom(init) {
        if (!isObject(init)) {
            const text = usv(init);
            return parseForm(stringStartsWith(text, '?') ? stringSlice(text, 1) : text);
        }
        const method = init[symbolIterator];
        if (method === undefined || method === null) return pairsFromRecord(init);
        if (typeof method !== 'function') throw new TypeError('The query is not iterable');
        return pairsFromSequence(init);
    }

    class URLSearchParams {
        #pairs = newList();
        #write;
        static {
            isParams = (value) => isObject(value) && #pairs in value;
            pairsOf = (params) => params.#pairs;
            linkTo = (params, text, write) => {
                params.#pairs = text === null ? newList() : parseForm(text);
                params.#write = write;
            };
        }
        constructor(init = '') {
            this.#pairs = pairsFrom(init);
        }
        #update() {
            const write = this.#write;
            if (write !== undefined) write(serializeForm(this.#pairs));
        }
        /** Keeps the pairs that `isKept` says yes to. */
        #keep(isKept) {
            const kept = newList();
            const pairs = this.#pairs;
            for (let index = 0; index < pairs.length; index++) {
                if (isKept(pairs[index])) kept[kept.length] = pairs[index];
            }
            this.#pairs = kept;
        }
        get size() { return this.#pairs.length; }
        append(name, value) {
            const pairs = this.#pairs;
            requireCount('append', arguments, 2);
            pairs[pairs.length] = pairOf(usv(name), usv(value));
            this.#update();
        }
        delete(name, expected = undefined) {
            this.#pairs;
            requireCount('delete', arguments, 1);
            const wanted = usv(name);
            const value = expected === undefined ? undefined : usv(expected);
            this.#keep((pair) =>
                pair[0] !== wanted || (value !== undefined && pair[1] !== value));
            this.#update();
        }
        get(name) {
            const pairs = this.#pairs;
            requireCount('get', arguments, 1);
            const wanted = usv(name);
            for (let index = 0; index < pairs.length; index++) {
                if (pairs[index][0] === wanted) return pairs[index][1];
            }
            return null;
        }
        getAll(name) {
            const pairs = this.#pairs;
            requireCount('getAll', arguments, 1);
            const wanted = usv(name);
            const values = newList();
            for (let index = 0; index < pairs.length; index++) {
                if (pairs[index][0] === wanted) values[values.length] = pairs[index][1];
            }
            return toArray(values);
        }
        has(name, expected = undefined) {
            const pairs = this.#pairs;
            requireCount('has', arguments, 1);
            const wanted = usv(name);
            const value = expected === undefined ? undefined : usv(expected);
            for (let index = 0; index < pairs.length; index++) {
                const isSame = pairs[index][0] === wanted &&
                    (value === undefined || pairs[index][1] === value);
                if (isSame) return true;
            }
            return false;
        }
        set(name, value) {
            this.#pairs;
            requireCount('set', arguments, 2);
            const wanted = usv(name);
            const text = usv(value);
            let isSet = false;
            this.#keep((pair) => {
                if (pair[0] !== wanted) return true;
                if (isSet) return false;
                pair[1] = text;
                isSet = true;
                return true;
            });
            if (!isSet) this.#pairs[this.#pairs.length] = pairOf(wanted, text);
            this.#update();
        }
        sort() {
            arraySort(this.#pairs, (first, second) =>
                (first[0] < second[0] ? -1 : first[0] > second[0] ? 1 : 0));
            this.#update();
        }
        toString() { return serializeForm(this.#pairs); }
    }

    shared.makePairIterable('URLSearchParams', URLSearchParams, pairsOf);
    offer('URLSearchParams', URLSearchParams, isParams, (params, depth) => {
        const pairs = pairsOf(params);
        if (typeof depth === 'number' && depth < 0) return '[Object]';
        const parts = newList();
        let length = 0;
        for (let index = 0; index < pairs.length; index++) {
            const pair = pairs[index];
            parts[index] = `${shared.inspect(pair[0])} => ${shared.inspect(pair[1])}`;
            length += parts[index].length + 2;
        }
        if (parts.length === 0) return 'URLSearchParams {}';
        return length > 76
            ? `URLSearchParams {\n  ${join(parts, ',\n  ')} }`
            : `URLSearchParams { ${join(parts, ', ')} }`;
    });

    shared.linkParams = linkTo;
    shared.URLSearchParams = URLSearchParams;
})
