// Questions about objects that are answered without running user code: no getter is called and no
// Proxy trap is met. A Proxy in a prototype chain ends the chain.
(function (host, shared) {
    'use strict';

    const {
        defineProperty, getOwnPropertyDescriptor, getPrototypeOf, newList,
        objectGetOwnPropertyNames, objectGetOwnPropertySymbols, objectKeys, objectPrototype,
        ownKeys, propertyIsEnumerable, setPrototypeOf,
    } = shared.primordials;

    // A longer chain is not searched; no program has one that long on purpose.
    const prototypeChainLengthMax = 1_000;

    const isObject = (value) =>
        (typeof value === 'object' && value !== null) || typeof value === 'function';

    const isProxy = (value) => host.proxyDetails(value) !== undefined;

    /** The own property's descriptor, itself without a prototype. `object` must not be a Proxy. */
    function ownDescriptorOf(object, key) {
        const descriptor = getOwnPropertyDescriptor(object, key);
        if (descriptor !== undefined) setPrototypeOf(descriptor, null);
        return descriptor;
    }

    /** As ownDescriptorOf; undefined for a Proxy. */
    const descriptorOf = (object, key) =>
        (object !== objectPrototype && isProxy(object) ? undefined : ownDescriptorOf(object, key));

    /** The object's prototype; null for a Proxy. */
    const prototypeOf = (object) => (isProxy(object) ? null : getPrototypeOf(object));

    /** The descriptor of the property that a read would find, own or inherited. */
    function findDescriptor(object, key) {
        for (let step = 0; object !== null && step < prototypeChainLengthMax; step++) {
            const descriptor = descriptorOf(object, key);
            if (descriptor !== undefined) return descriptor;
            object = prototypeOf(object);
        }
        return undefined;
    }

    /** The value that a read would find; undefined where a getter would have to be called. */
    function dataValue(object, key) {
        const descriptor = findDescriptor(object, key);
        return descriptor === undefined ? undefined : descriptor.value;
    }

    /** Whether `prototype` is in the object's prototype chain. */
    function inherits(object, prototype) {
        for (let step = 0; step < prototypeChainLengthMax; step++) {
            object = prototypeOf(object);
            if (object === null) return false;
            if (object === prototype) return true;
        }
        return false;
    }

    /** The innermost target of a Proxy, the value itself if it is none, null if it was revoked. */
    function unwrapProxy(value) {
        for (;;) {
            const details = host.proxyDetails(value);
            if (details === undefined) return value;
            value = details[0];
            if (value === null || value === undefined) return null;
        }
    }

    /** String keys, then symbols: all own ones, or only those that are enumerable. */
    function keysOf(object, includesHidden) {
        const keys = includesHidden ? objectGetOwnPropertyNames(object) : objectKeys(object);
        setPrototypeOf(keys, null);
        const symbols = objectGetOwnPropertySymbols(object);
        for (let index = 0; index < symbols.length; index++) {
            if (includesHidden || propertyIsEnumerable(object, symbols[index])) {
                keys[keys.length] = symbols[index];
            }
        }
        return keys;
    }

    /** As keysOf, without array indices. */
    const nonIndexKeysOf = (object, includesHidden) =>
        setPrototypeOf(host.ownNonIndexKeys(object, !includesHidden), null);

    function includes(list, value) {
        for (let index = 0; index < list.length; index++) {
            if (list[index] === value) return true;
        }
        return false;
    }

    /** The list without the elements that `isDropped` is true for. */
    function without(list, isDropped) {
        const kept = newList();
        for (let index = 0; index < list.length; index++) {
            if (!isDropped(list[index])) kept[kept.length] = list[index];
        }
        return kept;
    }

    /** Defines a property as the language defines its own: writable, hidden, configurable. */
    function defineHidden(object, key, value) {
        defineProperty(object, key, {
            __proto__: null, value, writable: true, enumerable: false, configurable: true,
        });
    }

    /** Defines functions like that. */
    function install(target, methods) {
        const names = ownKeys(methods);
        for (let index = 0; index < names.length; index++) {
            defineHidden(target, names[index], methods[names[index]]);
        }
    }

    shared.lookups = {
        __proto__: null,
        isObject, isProxy, ownDescriptorOf, descriptorOf, prototypeOf, findDescriptor, dataValue,
        inherits, unwrapProxy, keysOf, nonIndexKeysOf, includes, without, defineHidden, install,
    };
})
