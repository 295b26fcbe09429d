// What the base heap uses of the language, taken before any user code runs. User code may later
// delete or replace every builtin; the other files therefore call builtins through this table only.
//
// Rules that all files of the base heap follow:
// - Lists are made by newList(): an array without a prototype, so that neither a patched
//   Array.prototype nor a setter for an index is ever met. No for-of, no spread, no array patterns.
// - An object literal that is read as a dictionary, descriptor or options has `__proto__: null`.
// - String methods that look up a Symbol method (split, replace, match) are not used.
(function (host, shared) {
    'use strict';

    const { apply, construct, defineProperty, deleteProperty } = Reflect;
    const { getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
    const { setPrototypeOf } = Object;
    const uncurryThis = Function.prototype.bind.bind(Function.prototype.call);
    const getterOf = (prototype, key) =>
        uncurryThis(getOwnPropertyDescriptor(prototype, key).get);

    const typedArrayPrototype = getPrototypeOf(Uint8Array.prototype);
    const mapIteratorPrototype = getPrototypeOf(new Map().entries());
    const setIteratorPrototype = getPrototypeOf(new Set().values());

    /** A list that user code cannot interfere with. */
    const newList = () => setPrototypeOf([], null);

    /** The elements as one string. */
    const join = (list, separator) => {
        let text = '';
        for (let index = 0; index < list.length; index++) {
            text += index === 0 ? list[index] : separator + list[index];
        }
        return text;
    };

    const { Array } = globalThis;
    const { from: arrayFrom } = Array;

    /** The list as an array of the language. */
    const toArray = (list) => apply(arrayFrom, Array, [list]);

    // In the order in which RegExp.prototype.flags lists them.
    const regExpFlags = newList();
    const flagNames = {
        __proto__: null, hasIndices: 'd', global: 'g', ignoreCase: 'i', multiline: 'm', dotAll: 's',
        unicode: 'u', unicodeSets: 'v', sticky: 'y',
    };
    for (const name in flagNames) {
        const isSet = getterOf(RegExp.prototype, name);
        regExpFlags[regExpFlags.length] = { __proto__: null, isSet, letter: flagNames[name] };
    }

    shared.primordials = {
        __proto__: null,
        apply, construct, defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf,
        ownKeys, setPrototypeOf, newList, toArray, join,

        Object, Error, RangeError, TypeError, Promise, Number, String, Map, Set, WeakMap, WeakSet,
        Uint8Array,
        objectKeys: Object.keys,
        objectGetOwnPropertyNames: Object.getOwnPropertyNames,
        objectGetOwnPropertySymbols: Object.getOwnPropertySymbols,
        objectPrototype: Object.prototype,
        hasOwn: Object.hasOwn,
        propertyIsEnumerable: uncurryThis(Object.prototype.propertyIsEnumerable),
        create: Object.create,
        isArray: Array.isArray,
        functionToString: uncurryThis(Function.prototype.toString),
        errorPrototype: Error.prototype,
        captureStackTrace: Error.captureStackTrace,
        // Every error has it of its own.
        errorStackGetter: getOwnPropertyDescriptor(new Error(), 'stack').get,
        arraySort: uncurryThis(Array.prototype.sort),

        stringCharCodeAt: uncurryThis(String.prototype.charCodeAt),
        stringCodePointAt: uncurryThis(String.prototype.codePointAt),
        stringEndsWith: uncurryThis(String.prototype.endsWith),
        stringIncludes: uncurryThis(String.prototype.includes),
        stringFromCharCode: String.fromCharCode,
        stringFromCodePoint: String.fromCodePoint,
        stringIndexOf: uncurryThis(String.prototype.indexOf),
        stringPadEnd: uncurryThis(String.prototype.padEnd),
        stringPadStart: uncurryThis(String.prototype.padStart),
        stringRepeat: uncurryThis(String.prototype.repeat),
        stringSlice: uncurryThis(String.prototype.slice),
        stringStartsWith: uncurryThis(String.prototype.startsWith),
        stringNormalize: uncurryThis(String.prototype.normalize),
        stringToWellFormed: uncurryThis(String.prototype.toWellFormed),
        stringToLowerCase: uncurryThis(String.prototype.toLowerCase),
        stringToUpperCase: uncurryThis(String.prototype.toUpperCase),
        bigintToString: uncurryThis(BigInt.prototype.toString),
        numberToString: uncurryThis(Number.prototype.toString),
        numberToFixed: uncurryThis(Number.prototype.toFixed),
        symbolToString: uncurryThis(Symbol.prototype.toString),
        parseInt: Number.parseInt,
        parseFloat: Number.parseFloat,

        numberValueOf: uncurryThis(Number.prototype.valueOf),
        stringValueOf: uncurryThis(String.prototype.valueOf),
        booleanValueOf: uncurryThis(Boolean.prototype.valueOf),
        bigintValueOf: uncurryThis(BigInt.prototype.valueOf),
        symbolValueOf: uncurryThis(Symbol.prototype.valueOf),

        asyncIteratorPrototype: getPrototypeOf(getPrototypeOf(async function* () {}.prototype)),
        iteratorPrototype: getPrototypeOf(getPrototypeOf([][Symbol.iterator]())),
        numberMaxSafe: Number.MAX_SAFE_INTEGER,
        setTypedArray: typedArrayPrototype.set,
        symbolAsyncIterator: Symbol.asyncIterator,
        symbolIterator: Symbol.iterator,
        symbolToStringTag: Symbol.toStringTag,
        symbolCustomInspect: Symbol.for('nodejs.util.inspect.custom'),

        ceil: Math.ceil, floor: Math.floor, max: Math.max, min: Math.min,
        round: Math.round, sqrt: Math.sqrt, trunc: Math.trunc,
        isNaN: Number.isNaN, is: Object.is,

        mapDelete: uncurryThis(Map.prototype.delete),
        mapEntries: uncurryThis(Map.prototype.entries),
        mapGet: uncurryThis(Map.prototype.get),
        mapHas: uncurryThis(Map.prototype.has),
        mapIteratorNext: uncurryThis(mapIteratorPrototype.next),
        mapSet: uncurryThis(Map.prototype.set),
        mapSize: getterOf(Map.prototype, 'size'),
        setAdd: uncurryThis(Set.prototype.add),
        setDelete: uncurryThis(Set.prototype.delete),
        setHas: uncurryThis(Set.prototype.has),
        setIteratorNext: uncurryThis(setIteratorPrototype.next),
        setSize: getterOf(Set.prototype, 'size'),
        setValues: uncurryThis(Set.prototype.values),
        weakMapHas: uncurryThis(WeakMap.prototype.has),
        weakMapGet: uncurryThis(WeakMap.prototype.get),
        weakMapSet: uncurryThis(WeakMap.prototype.set),
        weakSetAdd: uncurryThis(WeakSet.prototype.add),
        weakSetDelete: uncurryThis(WeakSet.prototype.delete),

        typedArrayBuffer: getterOf(typedArrayPrototype, 'buffer'),
        typedArrayByteLength: getterOf(typedArrayPrototype, 'byteLength'),
        typedArrayByteOffset: getterOf(typedArrayPrototype, 'byteOffset'),
        typedArrayLength: getterOf(typedArrayPrototype, 'length'),
        typedArrayName: getterOf(typedArrayPrototype, Symbol.toStringTag),
        dataViewBuffer: getterOf(DataView.prototype, 'buffer'),
        dataViewByteLength: getterOf(DataView.prototype, 'byteLength'),
        dataViewByteOffset: getterOf(DataView.prototype, 'byteOffset'),

        dateNow: Date.now, encodeURIComponent,
        dateToISOString: uncurryThis(Date.prototype.toISOString),
        dateValueOf: uncurryThis(Date.prototype.valueOf),
        regExpSource: getterOf(RegExp.prototype, 'source'),
        regExpFlags,

        jsonStringify: JSON.stringify,
        promiseResolve: Promise.resolve,
        promiseThen: uncurryThis(Promise.prototype.then),
    };
})
