// crypto.subtle, with digest only: there are no keys here.
(function (host, shared) {
    'use strict';

    const { stringToUpperCase, typedArrayBuffer, Uint8Array } = shared.primordials;
    const { isObject } = shared.lookups;
    shared.load('encoding.js');
    const { bytesOf } = shared.encoding;
    const { DOMException, illegal, offer, requireCount } = shared.web;

    const token = { __proto__: null };
    let isSubtle;

    function nameOf(algorithm) {
        return stringToUpperCase(`${isObject(algorithm) ? algorithm.name : algorithm}`);
    }

    class SubtleCrypto {
        #isSubtle = true;
        static {
            isSubtle = (value) => isObject(value) && #isSubtle in value;
        }
        constructor(key = undefined) {
            if (key !== token) throw illegal();
        }
        // An async function turns what is thrown into a rejection, as Web IDL wants it.
        async digest(algorithm, data) {
            this.#isSubtle;
            requireCount('digest', arguments, 2);
            const name = nameOf(algorithm);
            const bytes = host.digest(name, bytesOf(data));
            if (bytes === undefined) {
                throw new DOMException(
                    `There is no digest '${name}', only SHA-1, SHA-256, SHA-384 and SHA-512`,
                    'NotSupportedError');
            }
            return typedArrayBuffer(bytes);
        }
    }
    offer('SubtleCrypto', SubtleCrypto, isSubtle, () => []);
    shared.subtle = new SubtleCrypto(token);
})
