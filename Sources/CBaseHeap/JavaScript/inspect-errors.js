// How the inspector shows errors: the stack as the engine wrote it, without the base heap's own
// frames, under the name that the error's class has now.
(function (host, shared) {
    'use strict';

    const {
        apply, Error, errorStackGetter, hasOwn, isArray, join, newList, stringEndsWith,
        stringIncludes, stringIndexOf, stringSlice, stringStartsWith,
    } = shared.primordials;
    const { dataValue, descriptorOf, findDescriptor, includes, without } = shared.lookups;
    const { indent, isIdentifier, linesOf } = shared.text;
    const { prefix } = shared.names;

    const frameStart = '\n    at ';

    const isOwnFrame = (line) =>
        stringStartsWith(line, '    at ') && (
            stringIncludes(line, '(mcp-v8:') || stringStartsWith(line, '    at mcp-v8:') ||
            stringStartsWith(line, '    at async mcp-v8:'));

    const withoutOwnFrames = (stack) =>
        stringIncludes(stack, 'mcp-v8:')
            ? join(without(linesOf(stack, false), isOwnFrame), '\n')
            : stack;

    /** The error's name, or `fallback` where a getter would have to be called for it. */
    function nameOf(error, fallback) {
        const name = shared.exceptionParts(error)?.name ?? dataValue(error, 'name');
        if (name === undefined && findDescriptor(error, 'name') === undefined) return 'Error';
        return typeof name === 'string' ? name : fallback ?? 'Error';
    }

    function messageOf(error) {
        const message = shared.exceptionParts(error)?.message ?? dataValue(error, 'message');
        return typeof message === 'string' ? message : '';
    }

    /**
     * What a read of `stack` would give; undefined where a getter of a script's would be called.
     * The engine writes a stack when it is first read, with the user's Error.prepareStackTrace if
     * there is one, and that may throw.
     */
    function rawStackOf(error) {
        const descriptor = findDescriptor(error, 'stack');
        if (descriptor === undefined) return undefined;
        return descriptor.get === errorStackGetter
            ? apply(errorStackGetter, error, []) : descriptor.value;
    }

    /** The stack; `name: message` if the error has none of its own. */
    function stackOf(error, constructorName) {
        let stack;
        try {
            stack = rawStackOf(error);
        } catch {
            stack = undefined;
        }
        if (typeof stack === 'string' && stack !== '') return withoutOwnFrames(stack);
        const name = nameOf(error, constructorName);
        const message = messageOf(error);
        if (name === '' || message === '') return name + message;
        return `${name}: ${message}`;
    }

    /** How many frames from `start` on are also in the other list, one after the other. */
    function sharedFrameCount(frames, start, others) {
        let position = 0;
        while (position < others.length && others[position] !== frames[start]) position++;
        let count = 0;
        while (start + count < frames.length && position + count < others.length &&
            frames[start + count] === others[position + count]) count++;
        return count;
    }

    /** The stack without the frames that the cause's stack shows as well, but for the outer two. */
    function withoutFramesOfCause(error, stack) {
        const cause = descriptorOf(error, 'cause')?.value;
        const isErrorCause = typeof cause === 'object' && cause !== null &&
            host.classOf(cause) === 'Error';
        const start = isErrorCause ? stringIndexOf(stack, frameStart) : -1;
        if (start === -1) return stack;
        const frames = linesOf(stringSlice(stack, start + 1), false);
        const others = linesOf(framesOf(cause), false);
        for (let frame = 0; frame < frames.length; frame++) {
            const count = sharedFrameCount(frames, frame, others);
            if (count <= 3) continue;
            const kept = newList();
            for (let index = 0; index < frames.length; index++) {
                const isFirst = index === frame + 1;
                if (isFirst) {
                    kept[kept.length] = `    ... ${count - 2} lines matching cause stack trace ...`;
                }
                const isShared = index > frame && index < frame + count - 1;
                if (!isShared) kept[kept.length] = frames[index];
            }
            return `${stringSlice(stack, 0, start)}\n${join(kept, '\n')}`;
        }
        return stack;
    }

    /** The name that an error without a prototype has in its stack; '' if it shows none. */
    function nameInStack(stack) {
        const firstLine = linesOf(stack, false)[0];
        const colon = stringIndexOf(firstLine, ':');
        const start = colon === -1 ? firstLine : stringSlice(firstLine, 0, colon);
        return isIdentifier(start) ? start : '';
    }

    /** The stack with the name of the error's class in front, where it says only `Error`. */
    function withClassName(stack, name, shape) {
        const hasPrototype = shape.constructorName !== null;
        if (hasPrototype) {
            const rest = stringStartsWith(stack, name) ? stringSlice(stack, name.length) : 'no';
            const isRegular = stringEndsWith(name, 'Error') &&
                (rest === '' || stringStartsWith(rest, ':') || stringStartsWith(rest, '\n'));
            if (!isRegular) return stack;
        }
        const found = hasPrototype ? name : nameInStack(stack);
        const withSpace = prefix(shape, (hasPrototype ? '' : found) || 'Error');
        const className = stringSlice(withSpace, 0, withSpace.length - 1);
        if (name === className) return stack;
        const rest = stringSlice(stack, found.length);
        if (!stringIncludes(className, name)) return `${className} [${name}]${rest}`;
        return found === '' ? `${className}: ${stack}` : className + rest;
    }

    /** Drops the keys that the stack already shows, and adds those that only errors have. */
    function chooseKeys(context, error, stack, keys) {
        let chosen = keys;
        if (!context.showHidden) {
            chosen = without(keys, (key) => {
                if (key !== 'name' && key !== 'message' && key !== 'stack') return false;
                const value = key === 'stack' ? rawStackOf(error) : dataValue(error, key);
                return typeof value === 'string' && stringIncludes(stack, value);
            });
        }
        if (hasOwn(error, 'cause') && !includes(chosen, 'cause')) {
            chosen[chosen.length] = 'cause';
        }
        const errors = descriptorOf(error, 'errors');
        if (errors !== undefined && isArray(errors.value) && !includes(chosen, 'errors')) {
            chosen[chosen.length] = 'errors';
        }
        return chosen;
    }

    function shapeError(context, error, shape) {
        const { constructorName } = shape;
        const name = nameOf(error, constructorName);
        const ownStack = stackOf(error, constructorName);
        shape.keys = chooseKeys(context, error, ownStack, shape.keys);
        let stack = withClassName(withoutFramesOfCause(error, ownStack), name, shape);
        const message = messageOf(error);
        const found = message === '' ? -1 : stringIndexOf(stack, message);
        const hasFrames =
            stringIndexOf(stack, frameStart, found === -1 ? 0 : found + message.length) !== -1;
        // Brackets show where an error without a stack ends. Uncaught, it stands alone.
        if (!hasFrames && context.uncaught !== error) stack = `[${stack}]`;
        shape.base = indent(stack, context.indentation);
        if (shape.keys.length === 0) shape.text = shape.base;
    }

    /** The frames of the error's stack, each after a line feed. */
    function framesOf(error) {
        const stack = stackOf(error, 'Error');
        const start = stringIndexOf(stack, frameStart);
        return start === -1 ? '' : stringSlice(stack, start);
    }

    // An isolate that is made for snapshots has no limit set, and then errors have no stack.
    Error.stackTraceLimit = 10;

    shared.shapes.Error = shapeError;
    shared.errors = { __proto__: null, nameOf, messageOf, framesOf, rawStackOf };
})
