// Bytes as base64 and hexadecimal: the methods of Uint8Array of ECMAScript 2026, and what atob and
// btoa share with them.
(function (host, shared) {
    'use strict';

    const {
        apply, newList, numberToString, setTypedArray, stringCharCodeAt, stringFromCharCode,
        stringIncludes, typedArrayLength, typedArrayName, TypeError, Uint8Array,
    } = shared.primordials;
    const { install, isObject } = shared.lookups;
    const { SyntaxError } = globalThis;

    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
    const alphabets = { __proto__: null, base64: `${letters}+/`, base64url: `${letters}-_` };
    // The value of each character of both alphabets; a reader asks which of the two it is.
    const values = new Uint8Array(128).fill(255);
    for (let index = 0; index < 64; index++) {
        values[alphabets.base64.charCodeAt(index)] = index;
        values[alphabets.base64url.charCodeAt(index)] = index;
    }
    const chunkLengthMax = 8_190;
    const asciiSpaces = ' \t\n\f\r';

    const textOf = (units) => apply(stringFromCharCode, undefined, units);

    /** The bytes in base64, with or without `=` at the end. */
    function encoded(bytes, alphabet, isPadded) {
        const length = typedArrayLength(bytes);
        let text = '';
        let units = newList();
        for (let index = 0; index < length; index += 3) {
            const rest = length - index;
            const group = bytes[index] << 16 | (rest > 1 ? bytes[index + 1] << 8 : 0) |
                (rest > 2 ? bytes[index + 2] : 0);
            units[units.length] = stringCharCodeAt(alphabet, group >> 18);
            units[units.length] = stringCharCodeAt(alphabet, group >> 12 & 63);
            if (rest > 1) units[units.length] = stringCharCodeAt(alphabet, group >> 6 & 63);
            else if (isPadded) units[units.length] = 61;
            if (rest > 2) units[units.length] = stringCharCodeAt(alphabet, group & 63);
            else if (isPadded) units[units.length] = 61;
            if (units.length > chunkLengthMax) {
                text += textOf(units);
                units = newList();
            }
        }
        return text + textOf(units);
    }

    function valueAt(text, index, isForURL) {
        const unit = stringCharCodeAt(text, index);
        const value = unit < 128 ? values[unit] : 255;
        if (value < 62) return value;
        const isOfURL = unit === 45 || unit === 95;
        return value < 64 && isOfURL === isForURL ? value : -1;
    }

    function skipSpaces(text, index) {
        while (index < text.length && stringIncludes(asciiSpaces, text[index])) index++;
        return index;
    }

    /** The end of the padding, -1 if it is wrong, -2 if it is incomplete. */
    function endOfPadding(text, index, digitCount) {
        if (digitCount < 2) return -1;
        let next = skipSpaces(text, index + 1);
        if (digitCount === 2) {
            if (next === text.length) return -2;
            if (text[next] !== '=') return -1;
            next = skipSpaces(text, next + 1);
        }
        return next < text.length ? -1 : next;
    }

    /**
     * Decodes base64 into at most `lengthMax` bytes: the bytes as a list, how many characters they
     * are, and an error or undefined.
     */
    function decodeBase64(text, isForURL, lastChunk, lengthMax) {
        const bytes = newList();
        let group = 0;
        let digitCount = 0;
        let read = 0;
        const put = (count) => {
            const shifted = group << (4 - digitCount) * 6;
            for (let index = 0; index < count; index++) {
                bytes[bytes.length] = shifted >> (16 - index * 8) & 255;
            }
        };
        const give = (error) => ({ __proto__: null, bytes, read, error });
        if (lengthMax === 0) return give();
        for (let index = 0; ; index++) {
            index = skipSpaces(text, index);
            if (index >= text.length) {
                if (digitCount === 0) read = text.length;
                if (digitCount === 0 || lastChunk === 'stop-before-partial') return give();
                if (lastChunk === 'strict') return give('Missing padding');
                if (digitCount === 1) return give('A single character is left');
                put(digitCount - 1);
                read = text.length;
                return give();
            }
            if (text[index] === '=') {
                const end = endOfPadding(text, index, digitCount);
                if (end === -2 && lastChunk === 'stop-before-partial') return give();
                if (end < 0) return give('Wrong padding');
                const extraBits = group & (digitCount === 2 ? 15 : 3);
                if (lastChunk === 'strict' && extraBits !== 0) return give('Extra bits');
                put(digitCount - 1);
                read = text.length;
                return give();
            }
            const value = valueAt(text, index, isForURL);
            if (value < 0) return give('Unexpected character');
            const remaining = lengthMax - bytes.length;
            const isFull = (remaining === 1 && digitCount === 2) ||
                (remaining === 2 && digitCount === 3);
            if (isFull) return give();
            group = group << 6 | value;
            if (++digitCount < 4) continue;
            put(3);
            group = 0;
            digitCount = 0;
            read = index + 1;
            if (bytes.length === lengthMax) return give();
        }
    }

    function hexValue(unit) {
        if (unit >= 48 && unit <= 57) return unit - 48;
        const lower = unit | 32;
        return lower >= 97 && lower <= 102 ? lower - 87 : -1;
    }

    function decodeHex(text, lengthMax) {
        const bytes = newList();
        let read = 0;
        const give = (error) => ({ __proto__: null, bytes, read, error });
        if (text.length % 2 !== 0) return give('An even number of digits is needed');
        while (read < text.length && bytes.length < lengthMax) {
            const high = hexValue(stringCharCodeAt(text, read));
            const low = hexValue(stringCharCodeAt(text, read + 1));
            if (high < 0 || low < 0) return give('Unexpected character');
            bytes[bytes.length] = high * 16 + low;
            read += 2;
        }
        return give();
    }

    function checkBytes(value) {
        if (typedArrayName(value) !== 'Uint8Array') throw new TypeError('this is not a Uint8Array');
        return value;
    }

    function checkText(value) {
        if (typeof value !== 'string') throw new TypeError('A string was expected');
        return value;
    }

    function checkOptions(options) {
        if (options === undefined) return { __proto__: null };
        if (!isObject(options)) throw new TypeError('The options must be an object');
        return options;
    }

    function alphabetOf(options) {
        const { alphabet } = options;
        if (alphabet === undefined || alphabet === 'base64') return 'base64';
        if (alphabet !== 'base64url') throw new TypeError('Unknown alphabet');
        return alphabet;
    }

    function lastChunkOf(options) {
        const { lastChunkHandling } = options;
        if (lastChunkHandling === undefined) return 'loose';
        const isKnown = lastChunkHandling === 'loose' || lastChunkHandling === 'strict' ||
            lastChunkHandling === 'stop-before-partial';
        if (!isKnown) throw new TypeError('Unknown handling of the last chunk');
        return lastChunkHandling;
    }

    function readBase64(text, options, lengthMax) {
        const isForURL = alphabetOf(options) === 'base64url';
        return decodeBase64(text, isForURL, lastChunkOf(options), lengthMax);
    }

    function bytesOf(list) {
        const bytes = new Uint8Array(list.length);
        apply(setTypedArray, bytes, [list]);
        return bytes;
    }

    function made(decoded) {
        if (decoded.error !== undefined) throw new SyntaxError(decoded.error);
        return bytesOf(decoded.bytes);
    }

    /** Writes what was decoded, even before an error. */
    function written(target, decoded) {
        const { bytes, error, read } = decoded;
        apply(setTypedArray, target, [bytes]);
        if (error !== undefined) throw new SyntaxError(error);
        return { read, written: bytes.length };
    }

    install(Uint8Array, {
        fromBase64(string, options = undefined) {
            const text = checkText(string);
            return made(readBase64(text, checkOptions(options), Infinity));
        },
        fromHex(string) { return made(decodeHex(checkText(string), Infinity)); },
    });
    install(Uint8Array.prototype, {
        toBase64(options = undefined) {
            checkBytes(this);
            const read = checkOptions(options);
            const alphabet = alphabets[alphabetOf(read)];
            return encoded(this, alphabet, !read.omitPadding);
        },
        toHex() {
            let text = '';
            const length = typedArrayLength(checkBytes(this));
            for (let index = 0; index < length; index++) {
                text += (this[index] < 16 ? '0' : '') + numberToString(this[index], 16);
            }
            return text;
        },
        setFromBase64(string, options = undefined) {
            checkBytes(this);
            const text = checkText(string);
            const read = checkOptions(options);
            return written(this, readBase64(text, read, typedArrayLength(this)));
        },
        setFromHex(string) {
            checkBytes(this);
            return written(this, decodeHex(checkText(string), typedArrayLength(this)));
        },
    });

    shared.bytes = { __proto__: null, alphabets, decodeBase64, encoded, textOf };
})
