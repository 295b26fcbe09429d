// A script's result as JSON, if it is short enough. Many values that print well are endless as JSON
// (an object that is reached by many paths is written once for each), so the least length that the
// JSON can have is found first, without writing it and without running user code.
(function (host, shared) {
    'use strict';

    const {
        isArray, jsonStringify, newList, objectKeys, typedArrayLength,
    } = shared.primordials;
    const { dataValue, findDescriptor, isObject, isProxy, ownDescriptorOf } = shared.lookups;
    const { exceedsByteCount } = shared.text;

    // As an element of an array; as a property some of them are left out.
    function leastLength(value) {
        switch (typeof value) {
        case 'string': return value.length + 2;
        case 'object': return value === null ? 4 : 2;
        case 'boolean': return 4;
        default: return 1;
        }
    }

    const isLeftOut = (value) =>
        value === undefined || typeof value === 'function' || typeof value === 'symbol';

    /** Whether the object's JSON is made of its own properties, so that it can be foreseen. */
    function isForeseeable(object) {
        if (isProxy(object) || findDescriptor(object, 'toJSON') !== undefined) return false;
        const kind = host.classOf(object);
        return kind !== 'StringObject' && kind !== 'NumberObject' && kind !== 'BooleanObject';
    }

    /** The least length that an array's elements take. Adds what is nested to `pending`. */
    function lengthOfElements(array, pending, limit) {
        // Each element takes two characters with its comma.
        if (array.length > limit / 2 + 1) return limit + 1;
        let length = 0;
        for (let index = 0; index < array.length && length <= limit; index++) {
            const value = ownDescriptorOf(array, index)?.value;
            length += leastLength(value) + 1;
            if (typeof value === 'object' && value !== null) pending[pending.length] = value;
        }
        return length;
    }

    /** The same for an object's properties. */
    function lengthOfProperties(object, pending, limit) {
        let length = 0;
        if (host.classOf(object) === 'TypedArray') return typedArrayLength(object) * 6;
        const keys = objectKeys(object);
        for (let index = 0; index < keys.length && length <= limit; index++) {
            const descriptor = ownDescriptorOf(object, keys[index]);
            const value = descriptor?.value;
            if (descriptor === undefined || isLeftOut(value)) continue;
            length += keys[index].length + 3 + leastLength(value);
            if (typeof value === 'object' && value !== null) pending[pending.length] = value;
        }
        return length;
    }

    /** Whether the value's JSON is certainly longer than the limit; also true of some cycles. */
    function isTooLong(value, limit) {
        if (typeof value !== 'object' || value === null) return leastLength(value) > limit;
        const pending = newList();
        pending[0] = value;
        let length = 0;
        while (pending.length > 0 && length <= limit) {
            const object = pending[pending.length - 1];
            pending.length -= 1;
            if (!isForeseeable(object)) continue;
            const measure = isArray(object) ? lengthOfElements : lengthOfProperties;
            length += measure(object, pending, limit - length);
        }
        return length > limit;
    }

    /** Whether the value is nested deeper than JSON.stringify can follow. */
    const isOutOfStack = (error) => isObject(error) &&
        dataValue(error, 'message') === 'Maximum call stack size exceeded';

    /**
     * The JSON, with the user's toJSON honoured; undefined if there is none, null if it is too long
     * or nested too deep.
     */
    shared.jsonOf = (value, byteLimit) => {
        try {
            if (isTooLong(value, byteLimit)) return null;
            const json = jsonStringify(value);
            if (typeof json !== 'string') return undefined;
            return exceedsByteCount(json, byteLimit) ? null : json;
        } catch (error) {
            return isOutOfStack(error) ? null : undefined;
        }
    };
})
