// What the inspector calls a value: its constructor, its tag, and how functions are named.
(function (host, shared) {
    'use strict';

    const {
        apply, functionToString, min, propertyIsEnumerable, hasOwn, stringEndsWith, stringIncludes,
        stringIndexOf, stringSlice, stringStartsWith, symbolToStringTag, typedArrayName,
    } = shared.primordials;
    const {
        dataValue, descriptorOf, findDescriptor, inherits, isProxy, prototypeOf,
    } = shared.lookups;
    const { isIdentifier } = shared.text;

    const prototypeNestingMax = 10;

    /** The name of the first constructor in the chain that the value is an instance of. */
    function constructorInChain(value) {
        let object = value;
        for (let step = 0; object !== null && step < 1_000; step++) {
            const descriptor = descriptorOf(object, 'constructor');
            const constructor = descriptor === undefined ? undefined : descriptor.value;
            if (typeof constructor === 'function') {
                const name = dataValue(constructor, 'name');
                const prototype = name === '' ? undefined : dataValue(constructor, 'prototype');
                if (prototype !== undefined && inherits(value, prototype)) {
                    return typeof name === 'string' ? name : host.constructorName(value);
                }
            }
            object = prototypeOf(object);
        }
        return undefined;
    }

    /** The constructor's name; null for an object whose prototype is null. */
    function constructorName(context, value, recursion) {
        const name = constructorInChain(value);
        if (name !== undefined) return name;
        const prototype = prototypeOf(value);
        if (prototype === null) return null;
        const ownName = host.constructorName(value);
        if (recursion > min(context.depth, prototypeNestingMax) || isProxy(prototype)) {
            return `${ownName} <Complex prototype>`;
        }
        const inherited = constructorName(context, prototype, recursion + 1);
        if (inherited !== null) return `${ownName} <${inherited}>`;
        return `${ownName} <${shared.inspect(prototype, { __proto__: null, depth: -1 })}>`;
    }

    /** Symbol.toStringTag, unless it is listed with the properties; '' if there is none. */
    function tagOf(context, value, kind) {
        const descriptor = findDescriptor(value, symbolToStringTag);
        if (descriptor === undefined) return '';
        let tag = descriptor.value;
        if (tag === undefined && kind === 'TypedArray') tag = typedArrayName(value);
        if (tag === undefined && context.callsUserCode && descriptor.get !== undefined) {
            try {
                tag = apply(descriptor.get, value, []);
            } catch {
                return '';
            }
        }
        if (typeof tag !== 'string' || tag === '') return '';
        const isListed = context.showHidden
            ? hasOwn(value, symbolToStringTag)
            : propertyIsEnumerable(value, symbolToStringTag);
        return isListed ? '' : tag;
    }

    /** `Name(size) [tag] `, with what is said instead for an object without a prototype. */
    function prefix(shape, fallback, size) {
        const sized = size === undefined ? '' : `(${size})`;
        const { constructorName: name, tag } = shape;
        if (name === null) {
            const tagged = tag !== '' && fallback !== tag ? `[${tag}] ` : '';
            return `[${fallback}${sized}: null prototype] ${tagged}`;
        }
        return tag !== '' && name !== tag ? `${name}${sized} [${tag}] ` : `${name}${sized} `;
    }

    /** Whether the source is a class rather than, say, a method that is named `class`. */
    function isClass(source) {
        if (!stringStartsWith(source, 'class') || !stringEndsWith(source, '}')) return false;
        if (isIdentifier(source[5])) return false;
        const head = stringSlice(source, 5, stringIndexOf(source, '{'));
        return !stringIncludes(head, '(') || stringIncludes(head, ' extends ');
    }

    function ownName(value) {
        const name = dataValue(value, 'name');
        return typeof name === 'string' ? name : '';
    }

    function className(value, shape) {
        const { constructorName: name, tag } = shape;
        let text = `class ${ownName(value) || '(anonymous)'}`;
        if (name !== 'Function' && name !== null) text += ` [${name}]`;
        if (tag !== '' && name !== tag) text += ` [${tag}]`;
        if (name === null) return `[${text} extends null]`;
        const parent = prototypeOf(value);
        const parentName = parent === null ? '' : ownName(parent);
        return parentName === '' ? `[${text}]` : `[${text} extends ${parentName}]`;
    }

    /** Function, AsyncFunction, GeneratorFunction or AsyncGeneratorFunction. */
    function functionKind(value, kind, source) {
        if (kind === 'GeneratorFunction') {
            return stringStartsWith(source, 'async') ? 'AsyncGeneratorFunction' : kind;
        }
        if (kind !== 'AsyncFunction') return 'Function';
        // Of the asynchronous functions only generators are born with a prototype.
        const prototype = descriptorOf(value, 'prototype');
        const isGenerator = prototype !== undefined && !prototype.configurable;
        return isGenerator ? 'AsyncGeneratorFunction' : kind;
    }

    /** `[Function: name]`, `[class A extends B]`. */
    function functionName(value, shape) {
        const source = functionToString(value);
        if (isClass(source)) return className(value, shape);
        const { constructorName: constructor, tag } = shape;
        const kind = functionKind(value, shape.kind, source);
        const name = ownName(value);
        let text = `[${kind}`;
        if (constructor === null) text += ' (null prototype)';
        text += name === '' ? ' (anonymous)]' : `: ${name}]`;
        if (constructor !== kind && constructor !== null) text += ` ${constructor}`;
        if (tag !== '' && constructor !== tag) text += ` [${tag}]`;
        return text;
    }

    shared.names = { __proto__: null, constructorName, tagOf, prefix, functionName, ownName };
})
