// FinalizationRegistry: a stand-in that checks its arguments and never calls back, which the
// language allows. V8 cannot make a snapshot of a heap in which a registered object has died.
(function (host, shared) {
    'use strict';

    const {
        defineProperty, is, symbolToStringTag, TypeError, weakSetAdd, weakSetDelete, WeakSet,
    } = shared.primordials;
    const { defineHidden, isObject } = shared.lookups;

    class FinalizationRegistry {
        // Of the registered objects only the tokens matter: unregister says whether there was one.
        #tokens = new WeakSet();

        constructor(cleanupCallback) {
            if (typeof cleanupCallback !== 'function') {
                throw new TypeError('FinalizationRegistry: cleanup must be callable');
            }
        }

        register(target, heldValue) {
            const tokens = this.#tokens;
            // Taken from `arguments` so that `register.length` is 2.
            const token = arguments[2];
            if (!isObject(target)) {
                throw new TypeError('FinalizationRegistry.register: invalid target');
            }
            if (is(target, heldValue)) {
                throw new TypeError(
                    'FinalizationRegistry.register: target and holdings must not be same');
            }
            if (isObject(token)) {
                weakSetAdd(tokens, token);
            } else if (token !== undefined) {
                throw new TypeError('FinalizationRegistry.register: invalid unregister token');
            }
        }

        unregister(token) {
            const tokens = this.#tokens;
            if (!isObject(token)) {
                throw new TypeError('FinalizationRegistry.unregister: invalid unregister token');
            }
            return weakSetDelete(tokens, token);
        }
    }

    defineProperty(FinalizationRegistry.prototype, symbolToStringTag, {
        __proto__: null, value: 'FinalizationRegistry', writable: false, enumerable: false,
        configurable: true,
    });
    defineHidden(globalThis, 'FinalizationRegistry', FinalizationRegistry);
})
