// TextEncoder and TextDecoder (UTF-8, both UTF-16, windows-1252; the others are loaded), atob and
// btoa.
(function (host, shared) {
    'use strict';

    const {
        dataViewBuffer, dataViewByteLength, dataViewByteOffset, newList, parseInt, RangeError,
        stringCharCodeAt, stringIndexOf, stringSlice, stringStartsWith, stringToLowerCase,
        typedArrayBuffer, typedArrayByteLength, typedArrayByteOffset, typedArrayLength,
        typedArrayName, TypeError, Uint8Array,
    } = shared.primordials;
    const { isObject } = shared.lookups;
    const { dictionaryOf, DOMException, lateValues, offer, requireCount } = shared.web;
    const { alphabets, decodeBase64, encoded, textOf } = shared.bytes;

    const chunkLengthMax = 8_192;

    /** The bytes that a call was given: those of the array or view itself, not a copy. */
    function bytesOf(source) {
        switch (host.classOf(source)) {
        case 'ArrayBuffer': case 'SharedArrayBuffer': return new Uint8Array(source);
        case 'TypedArray':
            return new Uint8Array(
                typedArrayBuffer(source), typedArrayByteOffset(source),
                typedArrayByteLength(source));
        case 'DataView':
            return new Uint8Array(
                dataViewBuffer(source), dataViewByteOffset(source), dataViewByteLength(source));
        default: throw new TypeError('The argument must be an ArrayBuffer or a view of one');
        }
    }

    /** The code point at an index of well-formed or other text; a lone surrogate is U+FFFD. */
    function scalarAt(text, index) {
        const unit = stringCharCodeAt(text, index);
        if (unit < 0xD800 || unit > 0xDFFF) return unit;
        const low = stringCharCodeAt(text, index + 1);
        if (unit > 0xDBFF || !(low >= 0xDC00 && low <= 0xDFFF)) return 0xFFFD;
        return (unit - 0xD800) * 0x400 + low - 0xDC00 + 0x10000;
    }

    const byteCountOf = (scalar) => (scalar < 0x80 ? 1 : scalar < 0x800 ? 2
        : scalar < 0x10000 ? 3 : 4);

    function utf8Length(text) {
        let length = 0;
        for (let index = 0; index < text.length; index++) {
            const count = byteCountOf(scalarAt(text, index));
            length += count;
            if (count === 4) index++;
        }
        return length;
    }

    /** Writes as much text as has room; how many units were read and bytes written. */
    function writeUTF8(text, bytes) {
        const room = typedArrayLength(bytes);
        let written = 0;
        let read = 0;
        while (read < text.length) {
            const scalar = scalarAt(text, read);
            const count = byteCountOf(scalar);
            if (written + count > room) break;
            if (count === 1) {
                bytes[written++] = scalar;
            } else {
                bytes[written++] = scalar >> (count - 1) * 6 | 0xF00 >> count & 0xFF;
                for (let rest = count - 2; rest >= 0; rest--) {
                    bytes[written++] = scalar >> rest * 6 & 63 | 128;
                }
            }
            read += count === 4 ? 2 : 1;
        }
        return { read, written };
    }

    function encodeUTF8(text) {
        const bytes = new Uint8Array(utf8Length(text));
        writeUTF8(text, bytes);
        return bytes;
    }

    let isEncoder;

    class TextEncoder {
        #isEncoder = true;
        static {
            isEncoder = (value) => isObject(value) && #isEncoder in value;
        }
        get encoding() {
            this.#isEncoder;
            return 'utf-8';
        }
        encode(text = '') {
            this.#isEncoder;
            return encodeUTF8(`${text}`);
        }
        encodeInto(source, destination) {
            this.#isEncoder;
            requireCount('encodeInto', arguments, 2);
            const text = `${source}`;
            const isBytes = isObject(destination) && typedArrayName(destination) === 'Uint8Array';
            if (!isBytes) throw new TypeError('The destination must be a Uint8Array');
            return writeUTF8(text, destination);
        }
    }
    offer('TextEncoder', TextEncoder, isEncoder, () => ['encoding']);

    /** Collects code points, or UTF-16 units, as text. */
    class Output {
        text = '';
        #units = newList();
        put(scalar) {
            const units = this.#units;
            if (scalar < 0x10000) {
                units[units.length] = scalar;
            } else {
                units[units.length] = 0xD800 + (scalar - 0x10000 >> 10);
                units[units.length] = 0xDC00 + (scalar & 0x3FF);
            }
            if (units.length >= chunkLengthMax) this.take();
        }
        take() {
            this.text += textOf(this.#units);
            this.#units = newList();
            return this.text;
        }
    }

    // A decoder takes one byte and keeps what is incomplete. `fail` writes U+FFFD or throws.
    class UTF8Decoder {
        #scalar = 0;
        #missing = 0;
        #lower = 0x80;
        #upper = 0xBF;
        put(byte, output, fail) {
            if (this.#missing > 0) {
                if (byte >= this.#lower && byte <= this.#upper) {
                    this.#scalar = this.#scalar << 6 | byte & 63;
                    this.#lower = 0x80;
                    this.#upper = 0xBF;
                    if (--this.#missing === 0) output.put(this.#scalar);
                    return;
                }
                this.end(output, fail);
            }
            if (byte < 0x80) output.put(byte);
            else if (byte >= 0xC2 && byte <= 0xF4) this.#begin(byte);
            else fail(output);
        }
        #begin(byte) {
            const missing = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
            this.#missing = missing;
            this.#scalar = byte & 63 >> missing;
            if (byte === 0xE0) this.#lower = 0xA0;
            if (byte === 0xED) this.#upper = 0x9F;
            if (byte === 0xF0) this.#lower = 0x90;
            if (byte === 0xF4) this.#upper = 0x8F;
        }
        end(output, fail) {
            const isIncomplete = this.#missing > 0;
            this.#missing = 0;
            this.#lower = 0x80;
            this.#upper = 0xBF;
            if (isIncomplete) fail(output);
        }
    }

    class UTF16Decoder {
        #isBig;
        #first = -1;
        #high = -1;
        constructor(isBig) { this.#isBig = isBig; }
        put(byte, output, fail) {
            if (this.#first < 0) {
                this.#first = byte;
                return;
            }
            const unit = this.#isBig ? this.#first << 8 | byte : byte << 8 | this.#first;
            this.#first = -1;
            const isLow = unit >= 0xDC00 && unit <= 0xDFFF;
            const high = this.#high;
            this.#high = -1;
            if (high >= 0 && isLow) {
                output.put((high - 0xD800) * 0x400 + unit - 0xDC00 + 0x10000);
                return;
            }
            if (high >= 0) fail(output);
            if (unit >= 0xD800 && unit <= 0xDBFF) this.#high = unit;
            else if (isLow) fail(output);
            else output.put(unit);
        }
        end(output, fail) {
            const isIncomplete = this.#first >= 0 || this.#high >= 0;
            this.#first = -1;
            this.#high = -1;
            if (isIncomplete) fail(output);
        }
    }

    // What the bytes 0x80 to 0x9F are in windows-1252.
    const windowsLetters = '\u20AC\x81\u201A\u0192\u201E\u2026\u2020\u2021\u02C6\u2030' +
        '\u0160\u2039\u0152\x8D\u017D\x8F\x90\u2018\u2019\u201C\u201D\u2022\u2013\u2014' +
        '\u02DC\u2122\u0161\u203A\u0153\x9D\u017E\u0178';

    class WindowsDecoder {
        put(byte, output) {
            const isSpecial = byte >= 0x80 && byte < 0xA0;
            output.put(isSpecial ? stringCharCodeAt(windowsLetters, byte - 0x80) : byte);
        }
        end() {}
    }

    class TableDecoder {
        #table;
        constructor(table) { this.#table = table; }
        put(byte, output, fail) {
            const start = (byte - 0x80) * 4;
            const unit = byte < 0x80 ? byte
                : parseInt(stringSlice(this.#table, start, start + 4), 16);
            if (unit === 0xFFFD) fail(output);
            else output.put(unit);
        }
        end() {}
    }

    const encodings = {
        __proto__: null,
        'utf-8': () => new UTF8Decoder(),
        'utf-16le': () => new UTF16Decoder(false),
        'utf-16be': () => new UTF16Decoder(true),
        'windows-1252': () => new WindowsDecoder(),
    };
    const labels = {
        __proto__: null,
        'utf-8': ' utf-8 utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8 ',
        'utf-16le': ' utf-16le utf-16 ucs-2 unicode csunicode iso-10646-ucs-2 unicodefeff ',
        'utf-16be': ' utf-16be unicodefffe ',
        'windows-1252': ' windows-1252 latin1 l1 ascii us-ascii iso-8859-1 iso8859-1 iso88591 ' +
            'iso_8859-1 iso_8859-1:1987 ansi_x3.4-1968 cp1252 cp819 csisolatin1 ibm819 ' +
            'iso-ir-100 x-cp1252 ',
    };

    const isSpace = (letter) => stringIndexOf(' \t\n\f\r', letter) >= 0;

    function nameIn(lists, wanted) {
        for (const name in lists) if (stringIndexOf(lists[name], wanted) >= 0) return name;
        return undefined;
    }

    function encodingOf(label) {
        let start = 0;
        let end = label.length;
        while (start < end && isSpace(label[start])) start++;
        while (end > start && isSpace(label[end - 1])) end--;
        const wanted = ` ${stringToLowerCase(stringSlice(label, start, end))} `;
        const isOne = stringIndexOf(wanted, ' ', 1) === wanted.length - 1;
        if (isOne && wanted.length > 2) {
            const known = nameIn(labels, wanted);
            if (known !== undefined) return known;
            shared.load('encodings.js');
            const found = nameIn(shared.singleByteLabels, wanted);
            if (found !== undefined) return found;
            shared.load('encodings-wide.js');
            const wide = nameIn(shared.wideLabels, wanted);
            if (wide !== undefined) return wide;
        }
        throw new RangeError(`The encoding '${label}' is not supported`);
    }

    function newDecoding(name) {
        const known = encodings[name] ?? shared.wideEncodings?.[name];
        return known === undefined ? new TableDecoder(shared.singleByteTables[name]) : known();
    }

    const replace = (output) => output.put(0xFFFD);

    function fail() {
        throw new TypeError('The encoded data was not valid');
    }

    /** What decodes for a TextDecoder, and for a stream. */
    class Decoder {
        #decoder;
        #isFirst = true;
        constructor(encoding, isFatal, ignoresBOM) {
            this.encoding = encoding;
            this.fatal = isFatal;
            this.ignoreBOM = ignoresBOM;
        }
        decode(bytes, isStream) {
            const name = this.encoding;
            const decoder = this.#decoder ??= newDecoding(name);
            const onError = this.fatal ? fail : replace;
            const output = new Output();
            let text;
            try {
                const length = typedArrayLength(bytes);
                for (let index = 0; index < length; index++) {
                    decoder.put(bytes[index], output, onError);
                }
                if (!isStream) decoder.end(output, onError);
                text = output.take();
            } catch (error) {
                this.#decoder = undefined;
                this.#isFirst = true;
                throw error;
            }
            if (this.#isFirst && text !== '') {
                const isMarked = stringCharCodeAt(text, 0) === 0xFEFF;
                const skips = isMarked && !this.ignoreBOM && stringStartsWith(name, 'utf-');
                if (skips) text = stringSlice(text, 1);
                this.#isFirst = false;
            }
            if (!isStream) this.#isFirst = true;
            return text;
        }
    }

    function newDecoder(label, options) {
        const encoding = encodingOf(`${label}`);
        const { fatal, ignoreBOM } = dictionaryOf(options);
        return new Decoder(encoding, !!fatal, !!ignoreBOM);
    }

    let isDecoder;

    class TextDecoder {
        #decoder;
        static {
            isDecoder = (value) => isObject(value) && #decoder in value;
        }
        constructor(label = 'utf-8', options = undefined) {
            this.#decoder = newDecoder(label, options);
        }
        get encoding() { return this.#decoder.encoding; }
        get fatal() { return this.#decoder.fatal; }
        get ignoreBOM() { return this.#decoder.ignoreBOM; }
        decode(input = undefined, options = undefined) {
            const decoder = this.#decoder;
            const bytes = input === undefined ? new Uint8Array(0) : bytesOf(input);
            const { stream } = dictionaryOf(options);
            return decoder.decode(bytes, !!stream);
        }
    }
    const decoderFields = ['encoding', 'fatal', 'ignoreBOM'];
    offer('TextDecoder', TextDecoder, isDecoder, () => decoderFields);

    const functions = {
        __proto__: null,
        atob(data) {
            requireCount('atob', arguments, 1);
            const { bytes, error } = decodeBase64(`${data}`, false, 'loose', Infinity);
            if (error !== undefined) {
                throw new DOMException(
                    'The string to be decoded is not correctly encoded.', 'InvalidCharacterError');
            }
            const output = new Output();
            for (let index = 0; index < bytes.length; index++) output.put(bytes[index]);
            return output.take();
        },
        btoa(data) {
            requireCount('btoa', arguments, 1);
            const text = `${data}`;
            const bytes = new Uint8Array(text.length);
            for (let index = 0; index < text.length; index++) {
                const unit = stringCharCodeAt(text, index);
                if (unit > 255) {
                    throw new DOMException('Invalid character', 'InvalidCharacterError');
                }
                bytes[index] = unit;
            }
            return encoded(bytes, alphabets.base64, true);
        },
        reportError(error) {
            requireCount('reportError', arguments, 1);
            shared.timers.report(error);
        },
    };
    for (const name in functions) lateValues[name] = functions[name];

    function decodeUTF8(list) {
        const decoder = new UTF8Decoder();
        const output = new Output();
        for (let index = 0; index < list.length; index++) {
            decoder.put(list[index], output, replace);
        }
        decoder.end(output, replace);
        return output.take();
    }

    shared.encoding = { __proto__: null, bytesOf, encodeUTF8, decodeUTF8, newDecoder };
})
