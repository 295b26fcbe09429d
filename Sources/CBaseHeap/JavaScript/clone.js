// structuredClone: the serialisation and deserialisation of the HTML Standard in one pass.
(function (host, shared) {
    'use strict';

    const {
        apply, bigintValueOf, booleanValueOf, construct, dataViewBuffer, dataViewByteLength,
        dataViewByteOffset, dateValueOf, defineProperty, getPrototypeOf, hasOwn, isArray, Map,
        mapEntries, mapGet, mapHas, mapIteratorNext, mapSet, newList, numberValueOf, Object,
        objectKeys, objectPrototype, regExpFlags, regExpSource, Set, setAdd, setHas,
        setIteratorNext, setTypedArray, setValues, stringValueOf, symbolIterator, symbolToString,
        typedArrayBuffer, typedArrayByteOffset, typedArrayLength, typedArrayName, TypeError,
        Uint8Array,
    } = shared.primordials;
    const { defineHidden, isObject, isProxy, ownDescriptorOf } = shared.lookups;
    const {
        clonePlatformObject, defineFunctions, dictionaryOf, DOMException, isPlatformObject,
        requireCount,
    } = shared.web;
    const { Array, ArrayBuffer, DataView, Date, RegExp } = globalThis;
    const getterOf = (name) => ownDescriptorOf(ArrayBuffer.prototype, name).get;
    const byteLengthOf = getterOf('byteLength');
    const maxByteLengthOf = getterOf('maxByteLength');
    const detachedOf = getterOf('detached');
    const resizableOf = getterOf('resizable');

    const constructors = { __proto__: null };
    for (const name of [
        'Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array',
        'Uint32Array', 'Float16Array', 'Float32Array', 'Float64Array', 'BigInt64Array',
        'BigUint64Array',
        'Error', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError',
        'URIError',
    ]) {
        constructors[name] = globalThis[name];
    }
    // Objects that are more than their properties, and that only their prototypes tell.
    const opaquePrototypes = new Set();
    setAdd(opaquePrototypes, WeakRef.prototype);
    setAdd(opaquePrototypes, FinalizationRegistry.prototype);
    setAdd(opaquePrototypes, DisposableStack.prototype);
    setAdd(opaquePrototypes, AsyncDisposableStack.prototype);
    setAdd(opaquePrototypes, getPrototypeOf([].values()));
    setAdd(opaquePrototypes, getPrototypeOf(''[symbolIterator]()));
    setAdd(opaquePrototypes, getPrototypeOf([].values().map(() => {})));
    function isOpaque(value) {
        const prototype = getPrototypeOf(value);
        if (prototype === objectPrototype) return false;
        return setHas(opaquePrototypes, prototype) || isPlatformObject(value);
    }

    const isErrorName = (name) => typeof name === 'string' && name in constructors &&
        name[name.length - 1] === 'r';

    function uncloneable(value) {
        let text = 'A value';
        try {
            if (typeof value === 'symbol') text = symbolToString(value);
            else if (typeof value === 'function') text = `${value}`;
            else text = `#<${host.constructorName(value)}>`;
        } catch {
            // It is named as well as it can be.
        }
        return new DOMException(`${text} could not be cloned.`, 'DataCloneError');
    }

    /** As a property that an assignment makes on an object without setters. */
    function define(object, key, value) {
        if (!(key in object)) {
            object[key] = value;
            return;
        }
        defineProperty(object, key, {
            __proto__: null, value, writable: true, enumerable: true, configurable: true,
        });
    }

    const isDetached = (buffer) => apply(detachedOf, buffer, []);

    /** A buffer as long as another, and as long as that can become. */
    function bufferLike(buffer) {
        const byteCount = apply(byteLengthOf, buffer, []);
        if (!apply(resizableOf, buffer, [])) return new ArrayBuffer(byteCount);
        const maxByteLength = apply(maxByteLengthOf, buffer, []);
        return new ArrayBuffer(byteCount, { __proto__: null, maxByteLength });
    }

    function copyBytes(from, to) {
        apply(setTypedArray, new Uint8Array(to), [new Uint8Array(from)]);
    }

    function cloneBuffer(buffer) {
        if (isDetached(buffer)) {
            throw new DOMException('An ArrayBuffer is detached.', 'DataCloneError');
        }
        const copy = bufferLike(buffer);
        copyBytes(buffer, copy);
        return copy;
    }

    function cloneRegExp(value) {
        let flags = '';
        for (let index = 0; index < regExpFlags.length; index++) {
            if (regExpFlags[index].isSet(value)) flags += regExpFlags[index].letter;
        }
        return new RegExp(regExpSource(value), flags);
    }

    function cloneTypedArray(value, memory) {
        const buffer = clone(typedArrayBuffer(value), memory);
        const place = [buffer, typedArrayByteOffset(value), typedArrayLength(value)];
        return construct(constructors[typedArrayName(value)], place);
    }

    function cloneDataView(value, memory) {
        const buffer = clone(dataViewBuffer(value), memory);
        return new DataView(buffer, dataViewByteOffset(value), dataViewByteLength(value));
    }

    function cloneError(value, memory) {
        const exception = shared.exceptionParts(value);
        if (exception !== undefined) {
            const copy = new DOMException(exception.message, exception.name);
            defineHidden(copy, 'stack', shared.errors.rawStackOf(value));
            return copy;
        }
        const { name } = value;
        const message = ownDescriptorOf(value, 'message');
        const type = constructors[isErrorName(name) ? name : 'Error'];
        const copy = new type();
        mapSet(memory, value, copy);
        if (message !== undefined && 'value' in message) {
            defineHidden(copy, 'message', `${message.value}`);
        }
        const { stack } = value;
        if (typeof stack === 'string') defineHidden(copy, 'stack', stack);
        const cause = ownDescriptorOf(value, 'cause');
        if (cause !== undefined && 'value' in cause) {
            defineHidden(copy, 'cause', clone(cause.value, memory));
        }
        return copy;
    }

    function cloneMap(value, memory) {
        const copy = new Map();
        mapSet(memory, value, copy);
        const entries = newList();
        const iterator = mapEntries(value);
        for (let each = mapIteratorNext(iterator); !each.done; each = mapIteratorNext(iterator)) {
            entries[entries.length] = each.value;
        }
        for (let index = 0; index < entries.length; index++) {
            const entry = entries[index];
            const key = clone(entry[0], memory);
            mapSet(copy, key, clone(entry[1], memory));
        }
        return copy;
    }

    function cloneSet(value, memory) {
        const copy = new Set();
        mapSet(memory, value, copy);
        const values = newList();
        const iterator = setValues(value);
        for (let each = setIteratorNext(iterator); !each.done; each = setIteratorNext(iterator)) {
            values[values.length] = each.value;
        }
        for (let index = 0; index < values.length; index++) {
            setAdd(copy, clone(values[index], memory));
        }
        return copy;
    }

    function cloneProperties(value, copy, memory) {
        mapSet(memory, value, copy);
        const keys = objectKeys(value);
        for (let index = 0; index < keys.length; index++) {
            if (hasOwn(value, keys[index])) {
                define(copy, keys[index], clone(value[keys[index]], memory));
            }
        }
        return copy;
    }

    const cloners = {
        __proto__: null,
        BooleanObject: (value) => Object(booleanValueOf(value)),
        NumberObject: (value) => Object(numberValueOf(value)),
        BigIntObject: (value) => Object(bigintValueOf(value)),
        StringObject: (value) => Object(stringValueOf(value)),
        Date: (value) => new Date(dateValueOf(value)),
        RegExp: cloneRegExp,
        ArrayBuffer: cloneBuffer,
        TypedArray: cloneTypedArray,
        DataView: cloneDataView,
        Error: cloneError,
        Map: cloneMap,
        Set: cloneSet,
    };

    function clone(value, memory) {
        if (typeof value === 'symbol' || typeof value === 'function') throw uncloneable(value);
        if (!isObject(value)) return value;
        if (mapHas(memory, value)) return mapGet(memory, value);
        if (isProxy(value)) throw uncloneable(value);
        if (isArray(value)) return cloneProperties(value, new Array(value.length), memory);
        const platformCopy = clonePlatformObject(value);
        if (platformCopy !== undefined) {
            mapSet(memory, value, platformCopy);
            return platformCopy;
        }
        const kind = host.classOf(value);
        if (kind === '' ? isOpaque(value) : cloners[kind] === undefined) {
            throw uncloneable(value);
        }
        if (kind === '') return cloneProperties(value, {}, memory);
        const copy = cloners[kind](value, memory);
        mapSet(memory, value, copy);
        return copy;
    }

    /** The buffers to transfer, each with its successor in the memory. */
    function prepareTransfer(transfer, memory) {
        const buffers = newList();
        if (transfer === undefined) return buffers;
        if (!isObject(transfer) || typeof transfer[symbolIterator] !== 'function') {
            throw new TypeError('The list of what to transfer must be iterable');
        }
        for (const buffer of transfer) {
            const isWrong = !isObject(buffer) || host.classOf(buffer) !== 'ArrayBuffer' ||
                isDetached(buffer) || mapHas(memory, buffer);
            if (isWrong) {
                throw new DOMException('Value could not be transferred.', 'DataCloneError');
            }
            mapSet(memory, buffer, bufferLike(buffer));
            buffers[buffers.length] = buffer;
        }
        return buffers;
    }

    defineFunctions({
        __proto__: null,
        structuredClone(value, options = undefined) {
            requireCount('structuredClone', arguments, 1);
            const memory = new Map();
            const buffers = prepareTransfer(dictionaryOf(options).transfer, memory);
            const copy = clone(value, memory);
            for (let index = 0; index < buffers.length; index++) {
                const buffer = buffers[index];
                copyBytes(buffer, mapGet(memory, buffer));
                host.detach(buffer);
            }
            return copy;
        },
    });
    shared.clone = (value) => clone(value, new Map());
})
