// performance, crypto and navigator: as much of them as makes sense without a page. The clock of
// performance begins anew with each run, and so do its entries.
(function (host, shared) {
    'use strict';

    const {
        arraySort, defineProperty, getOwnPropertyDescriptor, newList, numberToString,
        stringStartsWith, toArray, typedArrayBuffer, typedArrayByteLength, typedArrayByteOffset,
        typedArrayName, TypeError, Uint8Array,
    } = shared.primordials;
    const { isObject } = shared.lookups;
    const { dictionaryOf, DOMException, expose, illegal, requireCount } = shared.web;
    const { EventTarget } = shared.events;
    const { now: dateNow } = Date;

    const entryCountMax = 10_000;
    const token = { __proto__: null };
    let startTime = 0;
    let timeOrigin = 0;
    let entries = newList();

    const elapsed = () => host.now() - startTime;
    shared.elapsed = elapsed;
    shared.restartClock = () => {
        startTime = host.now();
        timeOrigin = dateNow();
        entries = newList();
    };

    let isEntry;

    class PerformanceEntry {
        #fields;
        static {
            isEntry = (value) => isObject(value) && #fields in value;
        }
        constructor(key, fields) {
            if (key !== token) throw illegal();
            this.#fields = fields;
        }
        get name() { return this.#fields.name; }
        get entryType() { return this.#fields.entryType; }
        get startTime() { return this.#fields.startTime; }
        get duration() { return this.#fields.duration; }
        get detail() { return this.#fields.detail; }
        toJSON() {
            const { name, entryType, startTime: start, duration, detail } = this.#fields;
            return { name, entryType, startTime: start, duration, detail };
        }
    }
    const entryFields = ['name', 'entryType', 'startTime', 'duration', 'detail'];
    expose('PerformanceEntry', PerformanceEntry, isEntry, () => entryFields);

    const fieldsOf = (entryType, name, start, duration, detail) => ({
        __proto__: null, name, entryType, startTime: start, duration,
        detail: detail === undefined ? null : shared.clone(detail),
    });

    class PerformanceMark extends PerformanceEntry {
        constructor(markName, markOptions = undefined) {
            requireCount('PerformanceMark', arguments, 1);
            const name = `${markName}`;
            const { detail, startTime: start } = dictionaryOf(markOptions);
            const time = start === undefined ? elapsed() : +start;
            if (!(time >= 0)) throw new TypeError('startTime must not be negative');
            super(token, fieldsOf('mark', name, time, 0, detail));
        }
    }
    expose('PerformanceMark', PerformanceMark);

    class PerformanceMeasure extends PerformanceEntry {
        constructor(key, fields) {
            if (key !== token) throw illegal();
            super(key, fields);
        }
    }
    expose('PerformanceMeasure', PerformanceMeasure);

    function addEntry(entry) {
        if (entries.length < entryCountMax) entries[entries.length] = entry;
        return entry;
    }

    function timeOf(mark) {
        if (typeof mark === 'number') {
            if (mark < 0) throw new TypeError('A time must not be negative');
            return mark;
        }
        const name = `${mark}`;
        for (let index = entries.length - 1; index >= 0; index--) {
            const { entryType, name: entryName, startTime: start } = entries[index];
            if (entryType === 'mark' && entryName === name) return start;
        }
        throw new DOMException(`The mark '${name}' does not exist.`, 'SyntaxError');
    }

    function entriesWhere(isWanted) {
        const found = newList();
        for (let index = 0; index < entries.length; index++) {
            if (isWanted(entries[index])) found[found.length] = entries[index];
        }
        return found;
    }

    /** Throws where a measure is said twice, or not at all. */
    function checkMeasure({ start, end, duration, detail }, endMark) {
        const isEmpty = start === undefined && end === undefined && duration === undefined &&
            detail === undefined;
        if (isEmpty) return;
        if (endMark !== undefined) throw new TypeError('The end is given twice');
        const hasPlace = start !== undefined || end !== undefined;
        const isTooMuch = start !== undefined && end !== undefined && duration !== undefined;
        if (!hasPlace || isTooMuch) {
            throw new TypeError('Two of start, end and duration are needed, or one of the ends');
        }
    }

    const byStart = (first, second) => first.startTime - second.startTime;
    const sorted = (isWanted) => toArray(arraySort(entriesWhere(isWanted), byStart));

    function clear(type, name) {
        entries = entriesWhere((entry) =>
            entry.entryType !== type || (name !== undefined && entry.name !== `${name}`));
    }

    let isPerformance;

    class Performance extends EventTarget {
        #isPerformance = true;
        static {
            isPerformance = (value) => isObject(value) && #isPerformance in value;
        }
        constructor(key = undefined) {
            if (key !== token) throw illegal();
            super();
        }
        get timeOrigin() { return timeOrigin; }
        now() { return elapsed(); }
        mark(name, options = undefined) {
            requireCount('mark', arguments, 1);
            return addEntry(new PerformanceMark(name, options));
        }
        measure(name, options = undefined, endMark = undefined) {
            requireCount('measure', arguments, 1);
            if (isObject(options)) checkMeasure(options, endMark);
            const { start, end = endMark, duration, detail } =
                isObject(options) ? options : { __proto__: null, start: options };
            let endTime = end === undefined ? elapsed() : timeOf(end);
            let beginTime = start === undefined ? 0 : timeOf(start);
            if (duration !== undefined && end === undefined) endTime = beginTime + +duration;
            if (duration !== undefined && start === undefined) beginTime = endTime - +duration;
            return addEntry(new PerformanceMeasure(token, fieldsOf(
                'measure', `${name}`, beginTime, endTime - beginTime, detail)));
        }
        clearMarks(name = undefined) { clear('mark', name); }
        clearMeasures(name = undefined) { clear('measure', name); }
        getEntries() { return sorted(() => true); }
        getEntriesByType(type) { return sorted((entry) => entry.entryType === `${type}`); }
        getEntriesByName(name, type = undefined) {
            return sorted((entry) => entry.name === `${name}` &&
                (type === undefined || entry.entryType === `${type}`));
        }
        toJSON() { return { timeOrigin }; }
    }
    expose('Performance', Performance, isPerformance, () => ['timeOrigin']);

    const quotaBytes = 65_536;
    const isInteger = (name) => name !== undefined && !stringStartsWith(name, 'Float');

    let isCrypto;

    class Crypto {
        #isCrypto = true;
        static {
            isCrypto = (value) => isObject(value) && #isCrypto in value;
        }
        constructor(key = undefined) {
            if (key !== token) throw illegal();
        }
        getRandomValues(array) {
            requireCount('getRandomValues', arguments, 1);
            const name = isObject(array) ? typedArrayName(array) : undefined;
            if (!isInteger(name)) {
                throw new DOMException(
                    'The argument must be an array of integers', 'TypeMismatchError');
            }
            const byteCount = typedArrayByteLength(array);
            if (byteCount > quotaBytes) {
                throw new DOMException(
                    `At most ${quotaBytes} bytes can be had at once`, 'QuotaExceededError');
            }
            const start = typedArrayByteOffset(array);
            host.fillRandom(new Uint8Array(typedArrayBuffer(array), start, byteCount));
            return array;
        }
        randomUUID() {
            const bytes = new Uint8Array(16);
            host.fillRandom(bytes);
            bytes[6] = bytes[6] & 15 | 64;
            bytes[8] = bytes[8] & 63 | 128;
            let text = '';
            for (let index = 0; index < 16; index++) {
                if (index === 4 || index === 6 || index === 8 || index === 10) text += '-';
                text += numberToString(256 + bytes[index], 16)[1];
                text += numberToString(256 + bytes[index], 16)[2];
            }
            return text;
        }
        get subtle() {
            this.#isCrypto;
            shared.load('digest.js');
            return shared.subtle;
        }
    }
    expose('Crypto', Crypto, isCrypto, () => []);

    let isNavigator;

    class Navigator {
        #isNavigator = true;
        static {
            isNavigator = (value) => isObject(value) && #isNavigator in value;
        }
        constructor(key = undefined) {
            if (key !== token) throw illegal();
        }
        get userAgent() { return 'mcp-v8'; }
    }
    expose('Navigator', Navigator, isNavigator, () => ['userAgent']);

    /** An attribute of the global object: it can be read, and replaced by a definition. */
    function defineAttribute(name, value, set) {
        const { get } = getOwnPropertyDescriptor({ get [name]() { return value; } }, name);
        defineProperty(globalThis, name, {
            __proto__: null, get, set, enumerable: true, configurable: true,
        });
    }

    /** As `defineAttribute`; an assignment replaces it. */
    function defineReplaceable(name, value) {
        defineAttribute(name, value, function (replacement) {
            defineProperty(globalThis, name, {
                __proto__: null, value: replacement, writable: true, enumerable: true,
                configurable: true,
            });
        });
    }

    defineReplaceable('self', globalThis);
    defineReplaceable('performance', new Performance(token));
    defineAttribute('crypto', new Crypto(token));
    defineAttribute('navigator', new Navigator(token));
})
