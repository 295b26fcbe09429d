// FormData: names and values, which are texts or files, in the order in which they were given.
(function (host, shared) {
    'use strict';

    const { join, newList, toArray, TypeError } = shared.primordials;
    const { isObject } = shared.lookups;
    const { offer, requireCount, usv } = shared.web;
    shared.load('blob.js');
    shared.load('pairs.js');
    const { fileWith, isBlob, isFile } = shared.blobs;

    let isFormData;
    let pairsOf;

    /** An entry: a Blob becomes a File. */
    function entryOf(args) {
        const entry = newList();
        entry[0] = usv(args[0]);
        const value = args[1];
        if (isBlob(value)) {
            const name = args.length > 2 && args[2] !== undefined ? usv(args[2]) : undefined;
            if (isFile(value) && name === undefined) entry[1] = value;
            else entry[1] = fileWith(value, name ?? 'blob', value.lastModified);
        } else if (args.length > 2) {
            throw new TypeError('Only a Blob can have a file name');
        } else {
            entry[1] = usv(value);
        }
        return entry;
    }

    class FormData {
        #entries = newList();
        static {
            isFormData = (value) => isObject(value) && #entries in value;
            pairsOf = (data) => data.#entries;
        }
        constructor(form = undefined) {
            if (form !== undefined) throw new TypeError('There are no forms here');
        }
        append(name, value, filename = undefined) {
            const entries = this.#entries;
            requireCount('append', arguments, 2);
            entries[entries.length] = entryOf(arguments);
        }
        delete(name) {
            this.#entries;
            requireCount('delete', arguments, 1);
            this.#keep(usv(name), () => false);
        }
        /** Keeps what has another name, and what `isKept` says yes to. */
        #keep(name, isKept) {
            const kept = newList();
            const entries = this.#entries;
            for (let index = 0; index < entries.length; index++) {
                const entry = entries[index];
                if (entry[0] !== name || isKept(entry)) kept[kept.length] = entry;
            }
            this.#entries = kept;
        }
        #valuesOf(name) {
            const values = newList();
            const entries = this.#entries;
            for (let index = 0; index < entries.length; index++) {
                if (entries[index][0] === name) values[values.length] = entries[index][1];
            }
            return values;
        }
        get(name) {
            this.#entries;
            requireCount('get', arguments, 1);
            return this.#valuesOf(usv(name))[0] ?? null;
        }
        getAll(name) {
            this.#entries;
            requireCount('getAll', arguments, 1);
            return toArray(this.#valuesOf(usv(name)));
        }
        has(name) {
            this.#entries;
            requireCount('has', arguments, 1);
            return this.#valuesOf(usv(name)).length > 0;
        }
        set(name, value, filename = undefined) {
            this.#entries;
            requireCount('set', arguments, 2);
            const entry = entryOf(arguments);
            let isSet = false;
            this.#keep(entry[0], (old) => {
                if (isSet) return false;
                old[1] = entry[1];
                isSet = true;
                return true;
            });
            if (!isSet) this.#entries[this.#entries.length] = entry;
        }
    }
    shared.makePairIterable('FormData', FormData, pairsOf);
    offer('FormData', FormData, isFormData, (data, depth) => {
        if (typeof depth === 'number' && depth < 0) return '[FormData]';
        const pairs = pairsOf(data);
        const parts = newList();
        for (let index = 0; index < pairs.length; index++) {
            const value = shared.inspect(
                pairs[index][1], { __proto__: null, depth: 1, callsUserCode: true });
            parts[index] = `${shared.inspect(pairs[index][0])} => ${value}`;
        }
        return parts.length === 0 ? 'FormData {}' : `FormData { ${join(parts, ', ')} }`;
    });
})
