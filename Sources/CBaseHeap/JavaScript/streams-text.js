// TextEncoderStream and TextDecoderStream.
(function (host, shared) {
    'use strict';

    shared.load('streams-transform.js');
    shared.load('encoding.js');
    const { stringCharCodeAt, stringSlice, Uint8Array } = shared.primordials;
    const { isObject } = shared.lookups;
    const { offer } = shared.web;
    const { bytesOf, encodeUTF8, newDecoder } = shared.encoding;

    let isEncoder;
    let isDecoder;

    class TextEncoderStream {
        #sides;
        // The first half of a character that a chunk ended with.
        #high = '';
        static {
            isEncoder = (value) => isObject(value) && #sides in value;
        }
        constructor() {
            this.#sides = shared.makeTransform((chunk, put) => {
                let text = this.#high + `${chunk}`;
                this.#high = '';
                const last = text === '' ? 0 : stringCharCodeAt(text, text.length - 1);
                if (last >= 0xD800 && last <= 0xDBFF) {
                    this.#high = text[text.length - 1];
                    text = stringSlice(text, 0, text.length - 1);
                }
                if (text !== '') put(encodeUTF8(text));
            }, (put) => {
                if (this.#high !== '') put(encodeUTF8(this.#high));
            });
        }
        get encoding() {
            this.#sides;
            return 'utf-8';
        }
        get readable() { return this.#sides.readable; }
        get writable() { return this.#sides.writable; }
    }
    offer('TextEncoderStream', TextEncoderStream, isEncoder, () => ['encoding']);

    class TextDecoderStream {
        #decoder;
        #sides;
        static {
            isDecoder = (value) => isObject(value) && #sides in value;
        }
        constructor(label = 'utf-8', options = undefined) {
            const decoder = newDecoder(label, options);
            this.#decoder = decoder;
            this.#sides = shared.makeTransform((chunk, put) => {
                const text = decoder.decode(bytesOf(chunk), true);
                if (text !== '') put(text);
            }, (put) => {
                const text = decoder.decode(new Uint8Array(0), false);
                if (text !== '') put(text);
            });
        }
        get encoding() { return this.#decoder.encoding; }
        get fatal() { return this.#decoder.fatal; }
        get ignoreBOM() { return this.#decoder.ignoreBOM; }
        get readable() { return this.#sides.readable; }
        get writable() { return this.#sides.writable; }
    }
    offer('TextDecoderStream', TextDecoderStream, isDecoder, () => ['encoding', 'fatal']);
})
