// Globals that few scripts use: their scripts stay in the program, out of every heap and snapshot,
// until one is read. Nothing can be seen of that: the property is a data property to whoever looks.
//
// A late script runs after user code may have changed everything. It takes all it needs from
// `shared` and `host`, and nothing from the global object.
(function (host, shared) {
    'use strict';

    const { apply } = shared.primordials;
    const { lateValues } = shared.web;

    const isLoaded = { __proto__: null };

    /** Runs a late script, unless it has run in this heap. */
    shared.load = (file) => {
        if (isLoaded[file]) return;
        apply(host.load(`mcp-v8:${file}`), undefined, [host, shared]);
        isLoaded[file] = true;
    };

    const files = {
        __proto__: null,
        'blob.js': ['Blob', 'File'],
        'digest.js': ['SubtleCrypto'],
        'encoding.js': ['TextDecoder', 'TextEncoder'],
        'form-data.js': ['FormData'],
        'headers.js': ['Headers'],
        'streams.js': ['ByteLengthQueuingStrategy', 'CountQueuingStrategy'],
        'streams-readable.js': ['ReadableStream', 'ReadableStreamDefaultReader'],
        'streams-source.js': ['ReadableStreamDefaultController'],
        'streams-text.js': ['TextDecoderStream', 'TextEncoderStream'],
        'streams-transform.js': ['TransformStream', 'TransformStreamDefaultController'],
        'streams-writable.js': [
            'WritableStream', 'WritableStreamDefaultController', 'WritableStreamDefaultWriter',
        ],
        'url.js': ['URL'],
        'url-search-params.js': ['URLSearchParams'],
    };
    // Functions are enumerable, as those of a host are.
    const functions = { __proto__: null, 'encoding.js': ['atob', 'btoa', 'reportError'] };
    const fileOf = { __proto__: null };
    function define(lists, isEnumerable) {
        for (const file in lists) {
            const names = lists[file];
            for (let index = 0; index < names.length; index++) {
                fileOf[names[index]] = file;
                host.defineLate(globalThis, names[index], isEnumerable);
            }
        }
    }
    define(files, false);
    define(functions, true);

    /** The value of a late global, at its first use. */
    shared.makeLate = (name) => {
        shared.load(fileOf[name]);
        return lateValues[name];
    };
})
