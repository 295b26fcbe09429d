// How the inspector shows what has elements: arrays, collections, iterators, typed arrays, buffers.
// Each function fills in the shape of one kind of value.
(function (host, shared) {
    'use strict';

    const {
        arraySort, dataViewBuffer, dataViewByteLength, dataViewByteOffset, hasOwn, mapEntries,
        mapIteratorNext, mapSize, max, min, newList, objectKeys, setIteratorNext, setSize,
        setValues, typedArrayBuffer, typedArrayByteLength, typedArrayByteOffset, typedArrayLength,
        typedArrayName, Uint8Array,
    } = shared.primordials;
    const { nonIndexKeysOf, ownDescriptorOf } = shared.lookups;
    const { byteText, numberText, remainder } = shared.text;
    const { prefix } = shared.names;

    // How far a hole is measured step by step before the array's keys are listed instead.
    const holeScanMax = 10_000;

    const bytesPerElement = {
        __proto__: null, Int8Array: 1, Uint8Array: 1, Uint8ClampedArray: 1, Int16Array: 2,
        Uint16Array: 2, Int32Array: 4, Uint32Array: 4, Float16Array: 2, Float32Array: 4,
        Float64Array: 8, BigInt64Array: 8, BigUint64Array: 8,
    };

    const format = (context, value, recursion) => shared.formatValue(context, value, recursion);

    /** Formats with everything that breaks lines moved right by two columns. */
    function indented(context, value, recursion) {
        context.indentation += 2;
        const text = format(context, value, recursion);
        context.indentation -= 2;
        return text;
    }

    function isIndex(key, length) {
        const index = +key;
        return index >= 0 && index < length && index % 1 === 0;
    }

    /** The index of the first element at or after `start`, or the length if there is none. */
    function endOfHole(array, start, length) {
        const scanEnd = min(length, start + holeScanMax);
        for (let index = start; index < scanEnd; index++) {
            if (hasOwn(array, index)) return index;
        }
        if (scanEnd === length) return length;
        // Indices come first and in ascending order.
        const keys = objectKeys(array);
        for (let position = 0; position < keys.length; position++) {
            if (!isIndex(keys[position], length)) break;
            if (+keys[position] >= scanEnd) return +keys[position];
        }
        return length;
    }

    function arrayParts(context, array, recursion) {
        const parts = newList();
        const { length } = array;
        let index = 0;
        const { limits, arrayLengthMax } = context;
        while (index < length && parts.length < arrayLengthMax && limits.units > 0) {
            const descriptor = ownDescriptorOf(array, index);
            if (descriptor !== undefined) {
                parts[parts.length] = shared.formatElement(context, array, descriptor, recursion);
                index++;
            } else {
                const end = endOfHole(array, index, length);
                parts[parts.length] = `<${end - index} empty item${end - index === 1 ? '' : 's'}>`;
                index = end;
            }
        }
        if (index < length) parts[parts.length] = remainder(length - index, 'item');
        return parts;
    }

    function shapeArray(context, array, shape) {
        const isPlain = shape.constructorName === 'Array' && shape.tag === '';
        shape.keys = nonIndexKeysOf(array, context.showHidden);
        shape.open = `${isPlain ? '' : prefix(shape, 'Array', array.length)}[`;
        shape.close = ']';
        if (array.length === 0 && shape.keys.length === 0) shape.text = `${shape.open}]`;
        shape.isList = true;
        shape.columnsOf = array;
        shape.parts = arrayParts;
    }

    function setParts(context, set, recursion) {
        const parts = newList();
        const size = setSize(set);
        const iterator = setValues(set);
        const count = min(size, context.arrayLengthMax);
        for (let index = 0; index < count && context.limits.units > 0; index++) {
            parts[index] = indented(context, setIteratorNext(iterator).value, recursion);
        }
        if (parts.length < size) parts[parts.length] = remainder(size - parts.length, 'item');
        return parts;
    }

    function shapeSet(context, set, shape) {
        const opening = prefix(shape, 'Set', setSize(set));
        if (setSize(set) === 0 && shape.keys.length === 0) shape.text = `${opening}{}`;
        shape.open = `${opening}{`;
        shape.parts = setParts;
    }

    function mapParts(context, map, recursion) {
        const parts = newList();
        const size = mapSize(map);
        const iterator = mapEntries(map);
        const count = min(size, context.arrayLengthMax);
        for (let index = 0; index < count && context.limits.units > 0; index++) {
            const entry = mapIteratorNext(iterator).value;
            const key = indented(context, entry[0], recursion);
            parts[index] = `${key} => ${indented(context, entry[1], recursion)}`;
        }
        if (parts.length < size) parts[parts.length] = remainder(size - parts.length, 'item');
        return parts;
    }

    function shapeMap(context, map, shape) {
        const opening = prefix(shape, 'Map', mapSize(map));
        if (mapSize(map) === 0 && shape.keys.length === 0) shape.text = `${opening}{}`;
        shape.open = `${opening}{`;
        shape.parts = mapParts;
    }

    /** Entries as `[ key, value ]`, or as `key => value` where the order means nothing. */
    function pairParts(context, entries, recursion, isWeak) {
        const parts = newList();
        const count = entries.length / 2;
        const shape = { __proto__: null, base: '', open: '[', close: ']', isList: true };
        context.indentation += 2;
        while (parts.length < min(count, context.arrayLengthMax) && context.limits.units > 0) {
            const position = parts.length * 2;
            const pair = newList();
            pair[0] = format(context, entries[position], recursion);
            pair[1] = format(context, entries[position + 1], recursion);
            parts[parts.length] = isWeak
                ? `${pair[0]} => ${pair[1]}`
                : shared.arrange(context, pair, shape, recursion);
        }
        context.indentation -= 2;
        if (isWeak) arraySort(parts);
        if (parts.length < count) parts[parts.length] = remainder(count - parts.length, 'item');
        return parts;
    }

    function singleParts(context, entries, recursion, isWeak) {
        const parts = newList();
        const count = min(entries.length, context.arrayLengthMax);
        for (let index = 0; index < count && context.limits.units > 0; index++) {
            parts[index] = indented(context, entries[index], recursion);
        }
        if (isWeak) arraySort(parts);
        const missing = entries.length - parts.length;
        if (missing > 0) parts[parts.length] = remainder(missing, 'item');
        return parts;
    }

    function shapeIterator(context, iterator, shape, type) {
        const preview = host.previewEntries(iterator);
        const isPairs = preview !== undefined && preview[1];
        const name = `${type} ${isPairs ? 'Entries' : 'Iterator'}`;
        const tag = shape.tag === `${type} Iterator` || shape.tag === '' ? '' : `${shape.tag}] [`;
        shape.open = `[${tag}${name}] {`;
        shape.parts = (context, value, recursion) => {
            if (preview === undefined) return newList();
            const show = isPairs ? pairParts : singleParts;
            return show(context, preview[0], recursion, false);
        };
    }

    function shapeWeak(context, collection, shape) {
        shape.open = `${prefix(shape, shape.kind)}{`;
        shape.parts = (context, value, recursion) => {
            if (context.showHidden) {
                const preview = host.previewEntries(value);
                const show = preview[1] ? pairParts : singleParts;
                return show(context, preview[0], recursion, true);
            }
            const parts = newList();
            parts[0] = '<items unknown>';
            return parts;
        };
    }

    function typedArrayParts(context, array, recursion) {
        const parts = newList();
        const length = typedArrayLength(array);
        const count = min(length, context.arrayLengthMax);
        for (let index = 0; index < count && context.limits.units > 0; index++) {
            const element = array[index];
            parts[index] = typeof element === 'bigint' ? `${element}n` : numberText(element);
            context.limits.units -= parts[index].length + 2;
        }
        if (parts.length < length) parts[parts.length] = remainder(length - parts.length, 'item');
        if (!context.showHidden) return parts;

        const add = (name, text) => {
            parts[parts.length] = `[${name}]: ${text}`;
        };
        const byteLength = typedArrayByteLength(array);
        add('BYTES_PER_ELEMENT', bytesPerElement[typedArrayName(array)]);
        add('length', length);
        add('byteLength', byteLength);
        add('byteOffset', typedArrayByteOffset(array));
        const { hidesBytes } = context;
        context.hidesBytes = true;
        add('buffer', indented(context, typedArrayBuffer(array), recursion));
        context.hidesBytes = hidesBytes;
        return parts;
    }

    function shapeTypedArray(context, array, shape) {
        const length = typedArrayLength(array);
        shape.keys = nonIndexKeysOf(array, context.showHidden);
        shape.open = `${prefix(shape, typedArrayName(array), length)}[`;
        shape.close = ']';
        const isEmpty = length === 0 && shape.keys.length === 0;
        if (isEmpty && !context.showHidden) shape.text = `${shape.open}]`;
        shape.isList = true;
        shape.columnsOf = array;
        shape.parts = typedArrayParts;
    }

    /** A view of the buffer's bytes; undefined if the buffer is detached. */
    function bytesOf(buffer) {
        try {
            return new Uint8Array(buffer);
        } catch {
            return undefined;
        }
    }

    function bufferParts(context, buffer) {
        const parts = newList();
        const bytes = bytesOf(buffer);
        const length = bytes === undefined ? 0 : typedArrayLength(bytes);
        if (bytes === undefined) {
            parts[0] = '(detached)';
        } else if (!context.hidesBytes) {
            let text = '';
            const count = min(length, max(0, context.arrayLengthMax));
            for (let index = 0; index < count; index++) {
                text += (index === 0 ? '' : ' ') + byteText(bytes[index]);
            }
            if (length > count) text += ` ${remainder(length - count, 'byte')}`;
            context.limits.units -= text.length;
            parts[0] = `[Uint8Contents]: <${text}>`;
        }
        parts[parts.length] = `byteLength: ${length}`;
        return parts;
    }

    function shapeBuffer(context, buffer, shape) {
        shape.open = `${prefix(shape, shape.kind)}{`;
        shape.parts = bufferParts;
    }

    function dataViewParts(context, view, recursion) {
        const parts = newList();
        try {
            parts[0] = `byteLength: ${dataViewByteLength(view)}`;
            parts[1] = `byteOffset: ${dataViewByteOffset(view)}`;
        } catch {
            parts[0] = '(detached)';
        }
        parts[parts.length] = `buffer: ${indented(context, dataViewBuffer(view), recursion)}`;
        return parts;
    }

    function shapeDataView(context, view, shape) {
        shape.open = `${prefix(shape, 'DataView')}{`;
        shape.parts = dataViewParts;
    }

    function promiseParts(context, promise, recursion) {
        const details = host.promiseDetails(promise);
        const parts = newList();
        if (details[0] === 0) {
            parts[0] = '<pending>';
        } else {
            const text = indented(context, details[1], recursion);
            parts[0] = details[0] === 2 ? `<rejected> ${text}` : text;
        }
        return parts;
    }

    function shapePromise(context, promise, shape) {
        shape.open = `${prefix(shape, 'Promise')}{`;
        shape.parts = promiseParts;
    }

    shared.shapes = {
        __proto__: null,
        Array: shapeArray,
        Set: shapeSet,
        Map: shapeMap,
        SetIterator: (context, value, shape) => shapeIterator(context, value, shape, 'Set'),
        MapIterator: (context, value, shape) => shapeIterator(context, value, shape, 'Map'),
        WeakSet: shapeWeak,
        WeakMap: shapeWeak,
        TypedArray: shapeTypedArray,
        ArrayBuffer: shapeBuffer,
        SharedArrayBuffer: shapeBuffer,
        DataView: shapeDataView,
        Promise: shapePromise,
    };
})
