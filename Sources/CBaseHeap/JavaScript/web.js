// What the interfaces of the web platform have in common: how Web IDL makes a class of JavaScript
// one of its own. And DOMException, which most of them throw.
(function (host, shared) {
    'use strict';

    const {
        captureStackTrace, construct, create, defineProperty, deleteProperty, Error, errorPrototype,
        getPrototypeOf, newList, ownKeys, setPrototypeOf, stringToWellFormed, symbolCustomInspect,
        symbolToStringTag, TypeError, WeakMap, weakMapGet, weakMapSet,
    } = shared.primordials;
    const { defineHidden, descriptorOf, isObject } = shared.lookups;

    const isOfFunctions = (key) => key === 'prototype' || key === 'name' || key === 'length';

    /** Makes the string-named members of a class's prototype, or its static ones, enumerable. */
    function showMembers(object) {
        const keys = ownKeys(object);
        for (let index = 0; index < keys.length; index++) {
            const key = keys[index];
            const isMember = typeof key === 'string' && key !== 'constructor' &&
                !(typeof object === 'function' && isOfFunctions(key));
            if (!isMember) continue;
            const descriptor = descriptorOf(object, key);
            descriptor.enumerable = true;
            defineProperty(object, key, descriptor);
        }
    }

    function setTag(prototype, tag) {
        defineProperty(prototype, symbolToStringTag, {
            __proto__: null, value: tag, writable: false, enumerable: false, configurable: true,
        });
    }

    // Whether an object is of one of the interfaces: these cannot be cloned as plain objects.
    const brands = newList();

    /**
     * Makes the class as Web IDL has it. `isOne` tells its objects from all others. `summaryOf`
     * gives what the inspector shows of one, as a text or a list of attributes.
     */
    function dress(name, constructor, isOne, summaryOf) {
        showMembers(constructor);
        showMembers(constructor.prototype);
        setTag(constructor.prototype, name);
        if (isOne !== undefined) brands[brands.length] = isOne;
        if (summaryOf === undefined) return;
        defineHidden(constructor.prototype, symbolCustomInspect, function (depth) {
            if (!isOne(this)) return this;
            const summary = summaryOf(this, depth);
            if (typeof summary === 'string') return summary;
            // The same prototype, so that a subclass is shown by its own name.
            const shown = create(getPrototypeOf(this));
            for (let index = 0; index < summary.length; index++) {
                const key = summary[index];
                defineProperty(shown, key, {
                    __proto__: null, value: this[key], enumerable: true,
                });
            }
            return shown;
        });
    }

    /** Makes the class a global, too. */
    function expose(name, constructor, isOne, summaryOf) {
        dress(name, constructor, isOne, summaryOf);
        defineHidden(globalThis, name, constructor);
    }

    // What scripts that were loaded late made, by the names of their globals.
    const lateValues = { __proto__: null };

    /** Makes the class what its late global gives. */
    function offer(name, constructor, isOne, summaryOf) {
        dress(name, constructor, isOne, summaryOf);
        lateValues[name] = constructor;
    }

    // How objects of the platform are cloned: functions that return undefined for all others.
    const cloners = newList();

    /** A clone of an object of the platform; undefined if it cannot be cloned. */
    function clonePlatformObject(value) {
        for (let index = 0; index < cloners.length; index++) {
            const copy = cloners[index](value);
            if (copy !== undefined) return copy;
        }
        return undefined;
    }

    /** Global functions, enumerable as those of a host are. */
    function defineFunctions(functions) {
        for (const name in functions) {
            defineProperty(globalThis, name, {
                __proto__: null, value: functions[name], writable: true, enumerable: true,
                configurable: true,
            });
        }
    }

    function isPlatformObject(value) {
        for (let index = 0; index < brands.length; index++) {
            if (brands[index](value)) return true;
        }
        return false;
    }

    const countText = (count) => (count === 1 ? '1 argument' : `${count} arguments`);

    /** Throws unless a call has all its required arguments. */
    function requireCount(name, args, count) {
        if (args.length >= count) return;
        throw new TypeError(
            `${name}: ${countText(count)} required, but only ${args.length} present`);
    }

    /** A dictionary argument: an object, or one without members. */
    function dictionaryOf(value) {
        if (value === undefined || value === null) return { __proto__: null };
        if (!isObject(value)) throw new TypeError('The options must be an object');
        return value;
    }

    /** Web IDL's USVString. */
    const usv = (value) => stringToWellFormed(`${value}`);

    function illegal() {
        return new TypeError('Illegal constructor');
    }

    const codes = {
        __proto__: null, IndexSizeError: 1, HierarchyRequestError: 3, WrongDocumentError: 4,
        InvalidCharacterError: 5, NoModificationAllowedError: 7, NotFoundError: 8,
        NotSupportedError: 9, InUseAttributeError: 10, InvalidStateError: 11, SyntaxError: 12,
        InvalidModificationError: 13, NamespaceError: 14, InvalidAccessError: 15,
        TypeMismatchError: 17, SecurityError: 18, NetworkError: 19, AbortError: 20,
        URLMismatchError: 21, QuotaExceededError: 22, TimeoutError: 23, InvalidNodeTypeError: 24,
        DataCloneError: 25,
    };
    const constants = [
        'INDEX_SIZE_ERR', 'DOMSTRING_SIZE_ERR', 'HIERARCHY_REQUEST_ERR', 'WRONG_DOCUMENT_ERR',
        'INVALID_CHARACTER_ERR', 'NO_DATA_ALLOWED_ERR', 'NO_MODIFICATION_ALLOWED_ERR',
        'NOT_FOUND_ERR', 'NOT_SUPPORTED_ERR', 'INUSE_ATTRIBUTE_ERR', 'INVALID_STATE_ERR',
        'SYNTAX_ERR', 'INVALID_MODIFICATION_ERR', 'NAMESPACE_ERR', 'INVALID_ACCESS_ERR',
        'VALIDATION_ERR', 'TYPE_MISMATCH_ERR', 'SECURITY_ERR', 'NETWORK_ERR', 'ABORT_ERR',
        'URL_MISMATCH_ERR', 'QUOTA_EXCEEDED_ERR', 'TIMEOUT_ERR', 'INVALID_NODE_TYPE_ERR',
        'DATA_CLONE_ERR',
    ];

    // The language's own errors have a stack: a DOMException is one of them, with its parts here.
    const exceptions = new WeakMap();

    function partsOf(exception) {
        const parts = weakMapGet(exceptions, exception);
        if (parts === undefined) throw new TypeError('Illegal invocation');
        return parts;
    }

    class DOMException {
        constructor(message = '', options = 'Error') {
            const isDictionary = isObject(options);
            const parts = { __proto__: null, message: `${message}`, name: 'Error' };
            // The engine writes the message that an error was made with into its stack.
            const error = construct(Error, [parts.message], new.target);
            deleteProperty(error, 'message');
            parts.name = isDictionary ? `${options.name ?? 'Error'}` : `${options}`;
            if (isDictionary && 'cause' in options) defineHidden(error, 'cause', options.cause);
            weakMapSet(exceptions, error, parts);
            captureStackTrace(error, new.target);
            return error;
        }
        get name() { return partsOf(this).name; }
        get message() { return partsOf(this).message; }
        get code() { return codes[partsOf(this).name] ?? 0; }
    }
    setPrototypeOf(DOMException.prototype, errorPrototype);
    for (let index = 0; index < constants.length; index++) {
        const descriptor = {
            __proto__: null, value: index + 1, writable: false, enumerable: true,
            configurable: false,
        };
        defineProperty(DOMException, constants[index], descriptor);
        defineProperty(DOMException.prototype, constants[index], descriptor);
    }
    expose('DOMException', DOMException);

    shared.exceptionParts = (error) => weakMapGet(exceptions, error);
    shared.web = {
        __proto__: null,
        clonePlatformObject, cloners, DOMException, defineFunctions, dictionaryOf, expose, illegal,
        isPlatformObject, lateValues, offer, requireCount, setTag, showMembers, usv,
    };
})
