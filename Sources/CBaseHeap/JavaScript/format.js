// What console.log does with its arguments: a first string with %-directives, then the rest.
(function (host, shared) {
    'use strict';

    const {
        jsonStringify, Number, ownKeys, parseFloat, parseInt, Set, setAdd, setHas, String,
        stringIncludes, stringIndexOf, stringSlice,
    } = shared.primordials;
    const { dataValue, descriptorOf, prototypeOf, unwrapProxy } = shared.lookups;
    const { numberText } = shared.text;

    const plainOptions = { __proto__: null, depth: 2, callsUserCode: true };
    const shallowOptions = { __proto__: null, depth: 0, callsUserCode: true };
    const fullOptions =
        { __proto__: null, depth: 4, showHidden: true, showProxy: true, callsUserCode: true };

    // The engine's own constructors: what they make has no toString of the user's.
    const builtinConstructors = new Set();
    const globalNames = ownKeys(globalThis);
    for (let index = 0; index < globalNames.length; index++) {
        const descriptor = descriptorOf(globalThis, globalNames[index]);
        if (typeof descriptor.value === 'function') {
            setAdd(builtinConstructors, descriptor.value);
        }
    }

    /** Whether String(object) would be the language's own text, which says little. */
    function hasBuiltinToString(object) {
        let holder = unwrapProxy(object);
        if (holder === null || typeof dataValue(holder, 'toString') !== 'function') return true;
        for (let step = 0; holder !== null && step < 1_000; step++) {
            if (descriptorOf(holder, 'toString') !== undefined) {
                const constructor = descriptorOf(holder, 'constructor');
                return constructor !== undefined && setHas(builtinConstructors, constructor.value);
            }
            holder = prototypeOf(holder);
        }
        return true;
    }

    function formatS(value) {
        switch (typeof value) {
        case 'number': return numberText(value);
        case 'bigint': return `${value}n`;
        case 'object':
            if (value === null || !hasBuiltinToString(value)) return String(value);
            return shared.inspect(value, shallowOptions);
        default: return String(value);
        }
    }

    function formatJ(value) {
        try {
            return `${jsonStringify(value)}`;
        } catch (error) {
            // JSON.stringify names the path of a cycle; anything else is the user's own error.
            const message = dataValue(error, 'message');
            if (typeof message === 'string' && stringIncludes(message, 'circular structure')) {
                return '[Circular]';
            }
            throw error;
        }
    }

    function formatNumberWith(value, convert) {
        if (typeof value === 'bigint') return `${value}n`;
        return typeof value === 'symbol' ? 'NaN' : numberText(convert(value));
    }

    /** The text of one directive; undefined if the letter is none. */
    function formatDirective(letter, value) {
        switch (letter) {
        case 's': return formatS(value);
        case 'd': return formatNumberWith(value, Number);
        case 'i': return formatNumberWith(value, parseInt);
        case 'f': return typeof value === 'symbol' ? 'NaN' : numberText(parseFloat(value));
        case 'j': return formatJ(value);
        case 'O': return shared.inspect(value, plainOptions);
        case 'o': return shared.inspect(value, fullOptions);
        case 'c': return '';
        default: return undefined;
        }
    }

    /** The first argument with its directives replaced, and how many arguments that took. */
    function formatFirst(args) {
        const first = args[0];
        let text = '';
        let used = 1;
        let start = 0;
        for (;;) {
            const percent = stringIndexOf(first, '%', start);
            if (percent === -1 || percent === first.length - 1) break;
            const letter = first[percent + 1];
            const formatted = letter === '%' ? '%'
                : used < args.length ? formatDirective(letter, args[used]) : undefined;
            if (letter !== '%' && formatted !== undefined) used++;
            text += stringSlice(first, start, percent) + (formatted ?? `%${letter}`);
            start = percent + 2;
        }
        return { __proto__: null, text: text + stringSlice(first, start), used };
    }

    /** All arguments as one text. */
    shared.format = (args) => {
        let text = '';
        let index = 0;
        if (args.length > 1 && typeof args[0] === 'string') {
            const first = formatFirst(args);
            text = first.text;
            index = first.used;
            if (index < args.length) text += ' ';
        }
        for (; index < args.length; index++) {
            const value = args[index];
            text += typeof value === 'string' ? value : shared.inspect(value, plainOptions);
            if (index < args.length - 1) text += ' ';
        }
        return text;
    };
})
