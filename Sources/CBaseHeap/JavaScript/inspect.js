// The inspector: any value as text, in the form that Node's util.inspect gives it. It calls no
// getter and meets no Proxy trap. It is bounded in depth, in elements, and in text overall.
(function (host, shared) {
    'use strict';

    const {
        apply, booleanValueOf, bigintValueOf, dateToISOString, dateValueOf, errorPrototype, isArray,
        isNaN, join, Map, mapGet, mapSet, mapSize, min, newList, numberValueOf, regExpFlags,
        regExpSource, stringRepeat, stringSlice, stringValueOf, symbolCustomInspect, symbolIterator,
        symbolToString, symbolValueOf,
    } = shared.primordials;
    const {
        dataValue, descriptorOf, findDescriptor, includes, inherits, keysOf, nonIndexKeysOf,
        ownDescriptorOf, unwrapProxy,
    } = shared.lookups;
    const { cutToByteCount, keyName, linesOf, numberText, quoted, remainder } = shared.text;
    const { constructorName, functionName, prefix, tagOf } = shared.names;
    const { shapes } = shared;

    // Levels of nesting that are shown even when no depth is asked for; more would endanger the
    // stack, and indentation alone would fill the screen.
    const depthMax = 200;
    const unitCountMax = 1_048_576;
    const customCallCountMax = 1_000;
    const shortStringLengthMax = 16;

    function newContext(options) {
        return {
            __proto__: null,
            depth: min(options?.depth ?? depthMax, depthMax),
            showHidden: options?.showHidden ?? false,
            showProxy: options?.showProxy ?? false,
            arrayLengthMax: options?.arrayLengthMax ?? 100,
            stringLengthMax: options?.stringLengthMax ?? 10_000,
            breakLength: options?.breakLength ?? 80,
            compact: options?.compact ?? 3,
            callsUserCode: options?.callsUserCode ?? false,
            uncaught: options?.uncaught,
            limits: options?.limits ?? {
                __proto__: null,
                units: options?.unitCountMax ?? unitCountMax,
                customCalls: customCallCountMax,
            },
            seen: newList(),
            circular: undefined,
            indentation: 0,
            innermost: 0,
            hidesBytes: false,
        };
    }

    function formatString(context, value) {
        let shown = value;
        let cut = '';
        if (value.length > context.stringLengthMax) {
            shown = stringSlice(value, 0, context.stringLengthMax);
            cut = remainder(value.length - context.stringLengthMax, 'character');
        }
        const room = context.breakLength - context.indentation - 4;
        const isShort = shown.length <= shortStringLengthMax || shown.length <= room;
        if (isShort) return quoted(shown) + cut;
        const lines = linesOf(shown, true);
        for (let line = 0; line < lines.length; line++) lines[line] = quoted(lines[line]);
        return join(lines, ` +\n${stringRepeat(' ', context.indentation + 2)}`) + cut;
    }

    function formatPrimitive(context, value) {
        switch (typeof value) {
        case 'string': return formatString(context, value);
        case 'number': return numberText(value);
        case 'bigint': return `${value}n`;
        case 'symbol': return symbolToString(value);
        default: return `${value}`;
        }
    }

    function formatValue(context, value, recursion) {
        const isObject = typeof value === 'object' ? value !== null : typeof value === 'function';
        if (!isObject) return spend(context, formatPrimitive(context, value));
        const target = unwrapProxy(value);
        if (target === null) return spend(context, '<Revoked Proxy>');
        if (context.showProxy && target !== value) return formatProxy(context, value, recursion);
        if (context.callsUserCode) {
            const text = callCustomInspect(context, value, target, recursion);
            if (text !== undefined) return spend(context, text);
        }
        if (includes(context.seen, target)) {
            context.circular ??= new Map();
            let index = mapGet(context.circular, target);
            if (index === undefined) {
                index = mapSize(context.circular) + 1;
                mapSet(context.circular, target, index);
            }
            return spend(context, `[Circular *${index}]`);
        }
        return formatObject(context, target, recursion);
    }

    /** Counts the text against what this inspection may write in all. */
    function spend(context, text) {
        context.limits.units -= text.length + context.indentation + 2;
        return text;
    }

    /** What the object's own [nodejs.util.inspect.custom] says; undefined if it has none. */
    function callCustomInspect(context, value, target, recursion) {
        const custom = dataValue(target, symbolCustomInspect);
        if (typeof custom !== 'function' || context.limits.customCalls <= 0) return undefined;
        const constructor = descriptorOf(target, 'constructor');
        if (typeof constructor?.value === 'function') {
            const prototype = descriptorOf(constructor.value, 'prototype');
            if (prototype?.value === target) return undefined;
        }
        context.limits.customCalls--;
        const depth = context.depth - recursion;
        const options = {
            depth, breakLength: context.breakLength, compact: context.compact, colors: false,
            showHidden: context.showHidden, stylize: (text) => `${text}`,
        };
        try {
            const result = apply(custom, value, [depth, options, inspectForUser(context)]);
            if (result === value) return undefined;
            if (typeof result !== 'object') {
                return typeof result === 'symbol' ? symbolToString(result) : `${result}`;
            }
            return formatValue(context, result, recursion);
        } catch {
            return undefined;
        }
    }

    /** The inspector as a custom inspect function is given it. It shares the caller's limits. */
    const inspectForUser = (context) => (value, options) => {
        const nested = shared.optionsFrom(options);
        nested.limits = context.limits;
        nested.callsUserCode = true;
        return formatValue(newContext(nested), value, 0);
    };

    function formatProxy(context, proxy, recursion) {
        if (recursion > context.depth) return 'Proxy [Array]';
        const details = host.proxyDetails(proxy);
        const parts = newList();
        context.innermost = recursion;
        context.indentation += 2;
        parts[0] = formatValue(context, details[0], recursion + 1);
        parts[1] = formatValue(context, details[1], recursion + 1);
        context.indentation -= 2;
        const shape = { __proto__: null, base: '', open: 'Proxy [', close: ']', isList: true };
        return shared.arrange(context, parts, shape, recursion + 1);
    }

    // What is shown by its elements, as long as it can be iterated over.
    const iterables = {
        __proto__: null, Array: true, Map: true, MapIterator: true, Set: true, SetIterator: true,
        TypedArray: true,
    };

    /** What the value is shown as; '' for an object of no special kind. */
    function kindOf(value, name) {
        if (typeof value === 'function') return 'Function';
        const kind = isArray(value) ? 'Array' : host.classOf(value);
        if (name === null) return kind;
        if (iterables[kind]) return findDescriptor(value, symbolIterator) === undefined ? '' : kind;
        // What was given the prototype of plain objects passes for one.
        return name === 'Object' && kind !== 'Arguments' ? '' : kind;
    }

    /** Everything about an object but its parts. `text` is set if nothing more is to be said. */
    function shapeOf(context, value, recursion) {
        const name = constructorName(context, value, recursion);
        const kind = kindOf(value, name);
        const shape = {
            __proto__: null,
            kind: kind === 'Function' ? host.classOf(value) : kind,
            constructorName: name,
            tag: tagOf(context, value, kind),
            keys: undefined, base: '', open: '{', close: '}',
            isList: false, columnsOf: undefined, parts: undefined, text: undefined,
        };
        const isIndexed = kind === 'Array' || kind === 'TypedArray' || kind === 'StringObject';
        shape.keys = (isIndexed ? nonIndexKeysOf : keysOf)(value, context.showHidden);
        let fill = shapes[kind];
        if (fill === undefined) {
            const isError = name !== 'Object' && inherits(value, errorPrototype);
            fill = isError ? shapes.Error : shapePlain;
        }
        fill(context, value, shape);
        return shape;
    }

    function shapePlain(context, value, shape) {
        if (shape.constructorName === 'Object' && shape.kind === 'Arguments') {
            shape.open = '[Arguments] {';
        } else if (shape.constructorName !== 'Object' || shape.tag !== '') {
            const isBare = shape.constructorName === null && shape.tag === '';
            shape.open = `${prefix(shape, isBare ? host.constructorName(value) : 'Object')}{`;
        }
        if (shape.keys.length === 0) shape.text = `${shape.open}}`;
    }

    /** A shape that is one text, followed by properties if there are any. */
    function setBase(shape, base) {
        shape.base = base;
        if (shape.keys.length === 0) shape.text = base;
    }

    function withPrefix(shape, fallback, text) {
        const before = prefix(shape, fallback);
        return before === `${fallback} ` ? text : before + text;
    }

    function shapeRegExp(context, value, shape) {
        let flags = '';
        for (let index = 0; index < regExpFlags.length; index++) {
            if (regExpFlags[index].isSet(value)) flags += regExpFlags[index].letter;
        }
        setBase(shape, withPrefix(shape, 'RegExp', `/${regExpSource(value)}/${flags}`));
    }

    function shapeDate(context, value, shape) {
        const text = isNaN(dateValueOf(value)) ? 'Invalid Date' : dateToISOString(value);
        setBase(shape, withPrefix(shape, 'Date', text));
    }

    const shapeBoxed = (type, valueOf) => (context, value, shape) => {
        const { constructorName: name, tag } = shape;
        let text = `[${type}`;
        if (name === null) text += ' (null prototype)';
        else if (name !== type) text += ` (${name})`;
        text += `: ${formatPrimitive(newContext(), valueOf(value))}]`;
        if (tag !== '' && tag !== name) text += ` [${tag}]`;
        setBase(shape, text);
    };

    shapes.Function = (context, value, shape) => setBase(shape, functionName(value, shape));
    shapes.RegExp = shapeRegExp;
    shapes.Date = shapeDate;
    shapes.NumberObject = shapeBoxed('Number', numberValueOf);
    shapes.StringObject = shapeBoxed('String', stringValueOf);
    shapes.BooleanObject = shapeBoxed('Boolean', booleanValueOf);
    shapes.BigIntObject = shapeBoxed('BigInt', bigintValueOf);
    shapes.SymbolObject = shapeBoxed('Symbol', symbolValueOf);

    /** What stands for an object that lies too deep. */
    function collapsed(shape) {
        const name = prefix(shape, 'Object');
        const text = stringSlice(name, 0, name.length - 1);
        return shape.constructorName === null ? text : `[${text}]`;
    }

    function formatObject(context, value, recursion) {
        const depth = context.seen.length;
        const { indentation } = context;
        let shape;
        try {
            shape = shapeOf(context, value, recursion);
            if (shape.text !== undefined) return spend(context, shape.text);
            if (recursion > context.depth) return spend(context, collapsed(shape));
            context.seen[depth] = value;
            return formatParts(context, value, shape, recursion + 1);
        } catch {
            // Out of stack: what is written so far still stands.
            context.indentation = indentation;
            return '[Inspection interrupted: out of stack]';
        } finally {
            context.seen.length = depth;
        }
    }

    function formatParts(context, value, shape, recursion) {
        context.innermost = recursion;
        spend(context, shape.base + shape.open);
        const { keys } = shape;
        const parts = shape.parts?.(context, value, recursion) ?? newList();
        for (let index = 0; index < keys.length; index++) {
            if (context.limits.units <= 0) {
                parts[parts.length] = remainder(keys.length - index, 'item');
                break;
            }
            parts[parts.length] = formatProperty(context, value, keys[index], recursion);
        }
        const index = context.circular && mapGet(context.circular, value);
        if (index !== undefined) {
            shape.base = shape.base === '' ? `<ref *${index}>` : `<ref *${index}> ${shape.base}`;
        }
        return shared.arrange(context, parts, shape, recursion);
    }

    function formatProperty(context, object, key, recursion) {
        const descriptor = ownDescriptorOf(object, key);
        const shown = typeof key === 'string' && key.length > context.stringLengthMax
            ? `${stringSlice(key, 0, context.stringLengthMax)}...`
            : key;
        const name = spend(context, keyName(shown, descriptor?.enumerable !== false));
        return `${name}: ${formatElement(context, object, descriptor, recursion)}`;
    }

    /** The value of a property; for an accessor what it has instead. */
    function formatElement(context, object, descriptor, recursion) {
        if (descriptor?.get !== undefined) {
            return descriptor.set === undefined ? '[Getter]' : '[Getter/Setter]';
        }
        if (descriptor?.set !== undefined) return '[Setter]';
        context.indentation += 2;
        const text = formatValue(context, descriptor?.value, recursion);
        context.indentation -= 2;
        return text;
    }

    shared.formatValue = formatValue;
    shared.formatElement = formatElement;

    /** The value as text. Never throws for a reason that lies in the value. */
    shared.inspect = (value, options) =>
        cutToByteCount(formatValue(newContext(options), value, 0), unitCountMax * 2);
    shared.unitCountMax = unitCountMax;
})
