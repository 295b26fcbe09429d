// structuredClone: the serialisation and deserialisation of the HTML Standard in one pass.
(function (host, shared) {
    'use strict';

    const {
        apply, bigintValueOf, booleanValueOf, construct, dataViewBuffer, dataViewByteLength,
        dataViewByteOffset, dateValueOf, defineProperty, getPrototypeOf, hasOwn, isArray, Map,
        mapEntries, mapGet, mapHas, mapIteratorNext, mapSet, min, newList, numberValueOf, Object,
        objectKeys, objectPrototype, regExpFlags, regExpSource, Set, setAdd, setHas,
        setIteratorNext, setValues, stringValueOf, symbolIterator, symbolToString, trunc,
        typedArrayBuffer, typedArrayByteOffset, typedArrayLength, typedArrayName, TypeError,
        Uint8Array,
    } = shared.primordials;
    const { install, typedArrayPrototype } = shared.language;
    const { defineHidden, isObject, isProxy, ownDescriptorOf } = shared.lookups;
    const {
        clonePlatformObject, defineFunctions, dictionaryOf, DOMException, isPlatformObject,
        requireCount,
    } = shared.web;
    const { Array, ArrayBuffer, DataView, Date, RangeError, RegExp } = globalThis;
    const { MAX_SAFE_INTEGER } = Number;
    const { set } = typedArrayPrototype;
    const byteLengthOf = Reflect.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength').get;

    const constructors = { __proto__: null };
    for (const name of [
        'Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array',
        'Uint32Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array',
        'Error', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError',
        'URIError',
    ]) {
        constructors[name] = globalThis[name];
    }
    // Objects that are more than their properties, and that only their prototypes tell.
    const opaquePrototypes = new Set();
    setAdd(opaquePrototypes, WeakRef.prototype);
    setAdd(opaquePrototypes, FinalizationRegistry.prototype);
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

    function isDetached(buffer) {
        try {
            new Uint8Array(buffer);
            return false;
        } catch {
            return true;
        }
    }

    function cloneBuffer(buffer) {
        if (isDetached(buffer)) {
            throw new DOMException('An ArrayBuffer is detached.', 'DataCloneError');
        }
        const bytes = new Uint8Array(buffer);
        const copy = new Uint8Array(typedArrayLength(bytes));
        apply(set, copy, [bytes]);
        return typedArrayBuffer(copy);
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
            defineHidden(copy, 'stack', ownDescriptorOf(value, 'stack')?.value);
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
            mapSet(memory, buffer, new ArrayBuffer(apply(byteLengthOf, buffer, [])));
            buffers[buffers.length] = buffer;
        }
        return buffers;
    }

    /** Moves the bytes of a buffer into another, which is as long or longer. */
    function move(from, to, byteCount) {
        const source = new Uint8Array(from, 0, byteCount);
        apply(set, new Uint8Array(to), [source]);
        host.detach(from);
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
                move(buffer, mapGet(memory, buffer), apply(byteLengthOf, buffer, []));
            }
            return copy;
        },
    });
    /** The specification's ArrayBufferCopyAndDetach. */
    function transferred(buffer, newLength) {
        const length = apply(byteLengthOf, buffer, []);
        const byteCount = newLength === undefined ? length : trunc(+newLength) || 0;
        if (!(byteCount >= 0 && byteCount <= MAX_SAFE_INTEGER)) {
            throw new RangeError('Invalid array buffer length');
        }
        if (isDetached(buffer)) throw new TypeError('The ArrayBuffer is detached');
        const copy = new ArrayBuffer(byteCount);
        move(buffer, copy, min(length, byteCount));
        return copy;
    }

    install(ArrayBuffer.prototype, {
        transfer(newLength = undefined) { return transferred(this, newLength); },
        transferToFixedLength(newLength = undefined) { return transferred(this, newLength); },
    });
    const { get } = ownDescriptorOf({
        get detached() {
            return apply(byteLengthOf, this, []) === 0 && isDetached(this);
        },
    }, 'detached');
    defineProperty(ArrayBuffer.prototype, 'detached', {
        __proto__: null, get, set: undefined, enumerable: false, configurable: true,
    });
    shared.clone = (value) => clone(value, new Map());
})
