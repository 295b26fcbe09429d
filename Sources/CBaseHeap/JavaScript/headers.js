// Headers of the Fetch Standard, without a request to guard.
(function (host, shared) {
    'use strict';

    const {
        arraySort, newList, ownKeys, propertyIsEnumerable, stringCharCodeAt, stringIncludes,
        stringSlice, stringToLowerCase, symbolIterator, toArray, TypeError,
    } = shared.primordials;
    const { isObject } = shared.lookups;
    const { offer, requireCount } = shared.web;
    shared.load('pairs.js');

    const symbols = "!#$%&'*+-.^_`|~";
    let isHeaders;
    let pairsOf;

    /** Web IDL's ByteString. */
    function byteString(value) {
        const text = `${value}`;
        for (let index = 0; index < text.length; index++) {
            if (stringCharCodeAt(text, index) > 255) {
                throw new TypeError('A header holds characters up to U+00FF only');
            }
        }
        return text;
    }

    function isName(text) {
        for (let index = 0; index < text.length; index++) {
            const unit = stringCharCodeAt(text, index);
            const isLetter = (unit | 32) >= 97 && (unit | 32) <= 122;
            const isDigit = unit >= 48 && unit <= 57;
            if (!isLetter && !isDigit && !stringIncludes(symbols, text[index])) return false;
        }
        return text !== '';
    }

    function nameFrom(value) {
        const name = byteString(value);
        if (!isName(name)) throw new TypeError(`'${name}' is no name of a header`);
        return stringToLowerCase(name);
    }

    function valueFrom(value) {
        const text = byteString(value);
        let start = 0;
        let end = text.length;
        const isSpace = (index) => stringIncludes('\t\n\r ', text[index]);
        while (start < end && isSpace(start)) start++;
        while (end > start && isSpace(end - 1)) end--;
        const trimmed = stringSlice(text, start, end);
        for (let index = 0; index < trimmed.length; index++) {
            const unit = stringCharCodeAt(trimmed, index);
            if (unit === 0 || unit === 10 || unit === 13) {
                throw new TypeError('A header holds no line breaks and no zeros');
            }
        }
        return trimmed;
    }

    function fill(headers, init) {
        if (!isObject(init)) throw new TypeError('Headers are made of pairs, or of an object');
        const method = init[symbolIterator];
        if (method !== undefined && method !== null) {
            for (const item of init) {
                if (!isObject(item) || typeof item[symbolIterator] !== 'function') {
                    throw new TypeError('Each header must be an iterable [name, value] pair');
                }
                const parts = newList();
                for (const part of item) parts[parts.length] = byteString(part);
                if (parts.length !== 2) {
                    throw new TypeError('Each header must be an iterable [name, value] pair');
                }
                headers.append(parts[0], parts[1]);
            }
            return;
        }
        const keys = ownKeys(init);
        for (let index = 0; index < keys.length; index++) {
            if (!propertyIsEnumerable(init, keys[index])) continue;
            const name = byteString(keys[index]);
            headers.append(name, byteString(init[keys[index]]));
        }
    }

    const byName = (first, second) =>
        (first[0] < second[0] ? -1 : first[0] > second[0] ? 1 : 0);

    class Headers {
        // Names in lower case and values, in the order in which they were given.
        #list = newList();
        static {
            isHeaders = (value) => isObject(value) && #list in value;
            pairsOf = (headers) => headers.#combined();
        }
        constructor(init = undefined) {
            if (init !== undefined) fill(this, init);
        }
        /** Sorted pairs: equal names are one pair, but for set-cookie. */
        #combined() {
            const pairs = newList();
            const list = this.#list;
            for (let index = 0; index < list.length; index++) {
                const name = list[index][0];
                let position = name === 'set-cookie' ? pairs.length : 0;
                while (position < pairs.length && pairs[position][0] !== name) position++;
                if (position < pairs.length) {
                    pairs[position][1] += `, ${list[index][1]}`;
                } else {
                    pairs[position] = newList();
                    pairs[position][0] = name;
                    pairs[position][1] = list[index][1];
                }
            }
            arraySort(pairs, byName);
            return pairs;
        }
        #valuesOf(name) {
            const values = newList();
            const list = this.#list;
            for (let index = 0; index < list.length; index++) {
                if (list[index][0] === name) values[values.length] = list[index][1];
            }
            return values;
        }
        #remove(name) {
            const kept = newList();
            const list = this.#list;
            for (let index = 0; index < list.length; index++) {
                if (list[index][0] !== name) kept[kept.length] = list[index];
            }
            this.#list = kept;
        }
        append(name, value) {
            const list = this.#list;
            requireCount('append', arguments, 2);
            const pair = newList();
            pair[0] = nameFrom(name);
            pair[1] = valueFrom(value);
            list[list.length] = pair;
        }
        delete(name) {
            this.#list;
            requireCount('delete', arguments, 1);
            this.#remove(nameFrom(name));
        }
        get(name) {
            this.#list;
            requireCount('get', arguments, 1);
            const values = this.#valuesOf(nameFrom(name));
            if (values.length === 0) return null;
            let text = values[0];
            for (let index = 1; index < values.length; index++) text += `, ${values[index]}`;
            return text;
        }
        getSetCookie() { return toArray(this.#valuesOf('set-cookie')); }
        has(name) {
            this.#list;
            requireCount('has', arguments, 1);
            return this.#valuesOf(nameFrom(name)).length > 0;
        }
        set(name, value) {
            const list = this.#list;
            requireCount('set', arguments, 2);
            const lower = nameFrom(name);
            const text = valueFrom(value);
            for (let index = 0; index < list.length; index++) {
                if (list[index][0] !== lower) continue;
                const kept = list[index];
                this.#remove(lower);
                kept[1] = text;
                this.#list[this.#list.length] = kept;
                return;
            }
            this.append(lower, text);
        }
    }
    shared.makePairIterable('Headers', Headers, pairsOf);
    offer('Headers', Headers, isHeaders, (headers, depth) => {
        if (typeof depth === 'number' && depth < 0) return '[Headers]';
        const pairs = pairsOf(headers);
        const shown = { __proto__: null };
        for (let index = 0; index < pairs.length; index++) shown[pairs[index][0]] = pairs[index][1];
        return `Headers ${stringSlice(shared.inspect(shown), '[Object: null prototype] '.length)}`;
    });
})
