// Blob and File of the File API: bytes that never change.
(function (host, shared) {
    'use strict';

    const {
        apply, dateNow, is, max, min, newList, numberMaxSafe, round, setTypedArray,
        stringCharCodeAt, stringToLowerCase, symbolIterator, trunc, typedArrayBuffer,
        typedArrayByteOffset, typedArrayLength, TypeError, Uint8Array,
    } = shared.primordials;
    const { direct, over, step } = shared.calls;
    const { isObject } = shared.lookups;
    shared.load('encoding.js');
    const { bytesOf, encodeUTF8, newDecoder } = shared.encoding;
    const { cloners, dictionaryOf, offer, requireCount, usv } = shared.web;

    const streamChunkByteCount = 65_536;
    const token = { __proto__: null };
    let isBlob;
    let copyOf;
    let bytesOfBlob;
    let typeOfBlob;
    let isFile;
    let fileWith;

    /** Web IDL's long long, clamped to what indexes bytes. */
    function clamped(value) {
        const number = +value;
        if (number !== number) return 0;
        return max(-numberMaxSafe, min(numberMaxSafe, trunc(number)));
    }

    /** A type that is not printable ASCII is none. */
    function typeOf(value) {
        const text = `${value}`;
        for (let index = 0; index < text.length; index++) {
            const unit = stringCharCodeAt(text, index);
            if (unit < 0x20 || unit > 0x7E) return '';
        }
        return stringToLowerCase(text);
    }

    /** The text with line feeds only, as the platform's own lines end. */
    function withNativeEndings(text) {
        let result = '';
        for (let index = 0; index < text.length; index++) {
            if (text[index] !== '\r') {
                result += text[index];
                continue;
            }
            result += '\n';
            if (text[index + 1] === '\n') index++;
        }
        return result;
    }

    function bytesOfPart(part, isNative) {
        if (isBlob(part)) return bytesOfBlob(part);
        if (typeof part !== 'string') return bytesOf(part);
        return encodeUTF8(isNative ? withNativeEndings(part) : part);
    }

    /** The parts as bytes, blobs and texts: what is neither is made a text. */
    function partsOf(value) {
        if (value === undefined) return newList();
        const method = isObject(value) ? value[symbolIterator] : undefined;
        if (typeof method !== 'function') {
            throw new TypeError('The parts of a Blob must be an iterable object');
        }
        const iterator = direct(apply(method, value, []));
        const parts = newList();
        for (let part = step(iterator); part !== over; part = step(iterator)) {
            const kind = isObject(part) ? host.classOf(part) : '';
            const isBytes = kind === 'ArrayBuffer' || kind === 'SharedArrayBuffer' ||
                kind === 'TypedArray' || kind === 'DataView' || isBlob(part);
            parts[parts.length] = isBytes ? part : usv(part);
        }
        return parts;
    }

    function endingsOf(value) {
        if (value === undefined) return false;
        const text = `${value}`;
        if (text === 'native') return true;
        if (text === 'transparent') return false;
        throw new TypeError(`'${text}' is no way to end lines: transparent, native`);
    }

    function joined(parts, isNative) {
        const pieces = newList();
        let length = 0;
        for (let index = 0; index < parts.length; index++) {
            pieces[index] = bytesOfPart(parts[index], isNative);
            length += typedArrayLength(pieces[index]);
        }
        const bytes = new Uint8Array(length);
        let position = 0;
        for (let index = 0; index < pieces.length; index++) {
            apply(setTypedArray, bytes, [pieces[index], position]);
            position += typedArrayLength(pieces[index]);
        }
        return bytes;
    }

    function copied(bytes) {
        const copy = new Uint8Array(typedArrayLength(bytes));
        apply(setTypedArray, copy, [bytes]);
        return copy;
    }

    class Blob {
        #bytes;
        #type = '';
        static {
            isBlob = (value) => isObject(value) && #bytes in value;
            bytesOfBlob = (blob) => blob.#bytes;
            typeOfBlob = (blob) => blob.#type;
            copyOf = (blob) => ({ __proto__: null, bytes: blob.#bytes, type: blob.#type });
        }
        constructor(blobParts = undefined, options = undefined) {
            if (blobParts === token) {
                this.#bytes = options.bytes;
                this.#type = options.type;
                return;
            }
            const parts = partsOf(blobParts);
            // Each is converted before the next is read.
            const read = dictionaryOf(options);
            const isNative = endingsOf(read.endings);
            const { type } = read;
            if (type !== undefined) this.#type = typeOf(type);
            this.#bytes = joined(parts, isNative);
        }
        get size() { return typedArrayLength(this.#bytes); }
        get type() { return this.#type; }
        slice(start = undefined, end = undefined, contentType = undefined) {
            const size = typedArrayLength(this.#bytes);
            const at = (value, otherwise) => {
                const index = value === undefined ? otherwise : clamped(value);
                return index < 0 ? max(0, size + index) : min(index, size);
            };
            const first = at(start, 0);
            const count = max(0, at(end, size) - first);
            // The bytes never change, so both can have the same.
            const bytes = new Uint8Array(
                typedArrayBuffer(this.#bytes), typedArrayByteOffset(this.#bytes) + first, count);
            const type = contentType === undefined ? '' : typeOf(contentType);
            return new Blob(token, { __proto__: null, bytes, type });
        }
        stream() {
            const bytes = this.#bytes;
            let position = 0;
            shared.load('streams-readable.js');
            const stream = shared.readable.makeReadable({
                __proto__: null, start: () => undefined, mark: 0, size: () => 1,
                pull: async () => {
                    const { controller } = shared.readable.recordOf(stream);
                    const count = min(streamChunkByteCount, typedArrayLength(bytes) - position);
                    const start = typedArrayByteOffset(bytes) + position;
                    position += count;
                    if (count === 0) return shared.readable.closeController(controller);
                    const chunk = copied(new Uint8Array(typedArrayBuffer(bytes), start, count));
                    return shared.readable.enqueue(controller, chunk);
                },
                cancel: async () => undefined,
            });
            return stream;
        }
        async text() { return newDecoder('utf-8').decode(this.#bytes, false); }
        async arrayBuffer() { return typedArrayBuffer(copied(this.#bytes)); }
        async bytes() { return copied(this.#bytes); }
    }

    offer('Blob', Blob, isBlob, () => ['size', 'type']);

    function partsOfFile(blob, lastModified) {
        const parts = copyOf(blob);
        parts.lastModified = lastModified;
        return parts;
    }

    class File extends Blob {
        #name;
        #lastModified;
        static {
            isFile = (value) => isObject(value) && #name in value;
            fileWith = (blob, name, lastModified) =>
                new File(token, name, partsOfFile(blob, lastModified));
        }
        constructor(fileBits, fileName, options = undefined) {
            requireCount('File', arguments, 2);
            if (fileBits === undefined) throw new TypeError('The parts of a File are missing');
            super(fileBits, options);
            this.#name = usv(fileName);
            const { lastModified } = dictionaryOf(options);
            this.#lastModified = lastModified === undefined ? dateNow() : clamped(lastModified);
        }
        get name() { return this.#name; }
        get lastModified() { return this.#lastModified; }
        get webkitRelativePath() {
            this.#name;
            return '';
        }
    }
    offer('File', File, isFile, () => ['size', 'type', 'name', 'lastModified']);

    cloners[cloners.length] = (value) => {
        if (isFile(value)) return fileWith(value, value.name, value.lastModified);
        return isBlob(value) ? new Blob(token, copyOf(value)) : undefined;
    };
    shared.blobs = {
        __proto__: null, bytesOfBlob, fileWith, File, isBlob, isFile, typeOfBlob,
    };
})
