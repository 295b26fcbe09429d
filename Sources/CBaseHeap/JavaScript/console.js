// The console. Its methods are ordinary properties that user code may replace; its state (counters,
// timers, group) is part of the heap and lasts from run to run. Levels follow the Console Standard.
(function (host, shared) {
    'use strict';

    const {
        captureStackTrace, create, defineProperty, Error, floor, isArray, Map, mapDelete, mapGet,
        mapHas, mapSet, numberToFixed, objectKeys, stringPadStart, stringRepeat, symbolToStringTag,
        TypeError,
    } = shared.primordials;
    const { defineHidden, isObject, unwrapProxy } = shared.lookups;
    const { cutToByteCount, indent } = shared.text;

    const level = { __proto__: null, debug: 0, log: 1, info: 2, warn: 3, error: 4 };
    const groupDepthMax = 100;
    const counts = new Map();
    const startTimes = new Map();
    let groupDepth = 0;

    function write(atLevel, text) {
        const shown = cutToByteCount(text, shared.unitCountMax);
        const columns = groupDepth * 2;
        host.write(atLevel, stringRepeat(' ', columns) + indent(shown, columns));
    }

    /** The options of console.dir that the inspector knows. */
    shared.optionsFrom = (options) => {
        const read = { __proto__: null, depth: 2 };
        if (!isObject(options)) return read;
        const { depth, showHidden, showProxy, maxArrayLength, maxStringLength } = options;
        const { breakLength, compact } = options;
        if (depth !== undefined) read.depth = depth === null ? undefined : +depth;
        read.showHidden = !!showHidden;
        read.showProxy = !!showProxy;
        if (maxArrayLength !== undefined) read.arrayLengthMax = maxArrayLength ?? 1e9;
        if (maxStringLength !== undefined) read.stringLengthMax = maxStringLength ?? 1e9;
        if (typeof breakLength === 'number') read.breakLength = breakLength;
        if (typeof compact === 'number') read.compact = compact;
        if (compact === false) read.compact = 0;
        return read;
    };

    const labelOf = (label) => (label === undefined ? 'default' : `${label}`);

    /** A duration as Node's console.timeEnd writes it. */
    function durationText(milliseconds) {
        if (milliseconds < 1_000) return `${+numberToFixed(milliseconds, 3)}ms`;
        const seconds = milliseconds / 1_000;
        if (seconds < 60) return `${numberToFixed(seconds, 3)}s`;
        const hours = floor(seconds / 3_600);
        const minutes = floor((seconds % 3_600) / 60);
        const rest = stringPadStart(numberToFixed(seconds % 60, 3), 6, '0');
        if (hours === 0) return `${minutes}:${rest} (m:ss.mmm)`;
        return `${hours}:${stringPadStart(`${minutes}`, 2, '0')}:${rest} (h:mm:ss.mmm)`;
    }

    /** Prints how long ago the label's timer was started. */
    function writeTime(atLevel, method, label, data) {
        const start = mapGet(startTimes, label);
        if (start === undefined) {
            write(level.warn, `Warning: No such label '${label}' for console.${method}()`);
            return;
        }
        const text = `${label}: ${durationText(host.now() - start)}`;
        write(atLevel, data.length === 0 ? text : `${text} ${shared.format(data)}`);
    }

    /** The value as a template has it; as the inspector shows it where there is no such text. */
    function textOf(value) {
        try {
            return `${value}`;
        } catch {
            return shared.inspect(value);
        }
    }

    const methods = {
        log(...data) { write(level.log, shared.format(data)); },
        info(...data) { write(level.info, shared.format(data)); },
        warn(...data) { write(level.warn, shared.format(data)); },
        error(...data) { write(level.error, shared.format(data)); },
        debug(...data) { write(level.debug, shared.format(data)); },
        trace: function trace(...data) {
            const message = shared.format(data);
            const holder = new Error();
            captureStackTrace(holder, trace);
            const frames = shared.errors.framesOf(holder);
            write(level.log, `Trace${message === '' ? '' : `: ${message}`}${frames}`);
        },
        dir(item, options) {
            const read = shared.optionsFrom(options);
            write(level.log, shared.inspect(item, read));
        },
        dirxml(...data) { write(level.log, shared.format(data)); },
        table(data, columns) {
            if (columns !== undefined && !isArray(columns)) {
                throw new TypeError('console.table: the columns must be an array');
            }
            const object = isObject(data) ? unwrapProxy(data) : null;
            if (object === null || typeof data === 'function') {
                write(level.log, shared.format([data]));
            } else {
                write(level.log, shared.table(object, columns));
            }
        },
        assert(condition, ...data) {
            if (condition) return;
            if (data.length === 0) {
                write(level.error, 'Assertion failed');
                return;
            }
            data[0] = `Assertion failed: ${textOf(data[0])}`;
            write(level.error, shared.format(data));
        },
        count(label) {
            const name = labelOf(label);
            const count = (mapGet(counts, name) ?? 0) + 1;
            mapSet(counts, name, count);
            write(level.info, `${name}: ${count}`);
        },
        countReset(label) {
            const name = labelOf(label);
            if (!mapDelete(counts, name)) {
                write(level.warn, `Warning: Count for '${name}' does not exist`);
            }
        },
        time(label) {
            const name = labelOf(label);
            if (mapHas(startTimes, name)) {
                const text = `Warning: Label '${name}' already exists for console.time()`;
                write(level.warn, text);
            } else {
                mapSet(startTimes, name, host.now());
            }
        },
        timeLog(label, ...data) { writeTime(level.log, 'timeLog', labelOf(label), data); },
        timeEnd(label) {
            const name = labelOf(label);
            writeTime(level.info, 'timeEnd', name, []);
            mapDelete(startTimes, name);
        },
        group(...data) {
            if (data.length > 0) write(level.log, shared.format(data));
            if (groupDepth < groupDepthMax) groupDepth++;
        },
        groupCollapsed(...data) {
            if (data.length > 0) write(level.log, shared.format(data));
            if (groupDepth < groupDepthMax) groupDepth++;
        },
        groupEnd() {
            if (groupDepth > 0) groupDepth--;
        },
        clear() {},
    };

    const console = create({});
    const names = objectKeys(methods);
    for (let index = 0; index < names.length; index++) {
        console[names[index]] = methods[names[index]];
    }
    defineProperty(console, symbolToStringTag, {
        __proto__: null, value: 'console', writable: false, enumerable: false, configurable: true,
    });
    defineHidden(globalThis, 'console', console);
})
