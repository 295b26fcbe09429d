// What to do instead, for the errors of scripts that take this for another place. Only a message
// that ends a run is explained; a script that catches the error sees the engine's own.
(function (host, shared) {
    'use strict';

    const { stringEndsWith, stringIncludes, stringSlice, stringStartsWith } = shared.primordials;

    const noModules = 'There are no modules here: write what is needed into the script. What a ' +
        'run on a heap defines is there in the next.';
    const noNetwork = 'There is no network here: pass the data with the code.';
    const noPage = 'There is no page here: what is to be kept goes into variables of a heap.';
    const noFiles = 'There are no files here: pass the data with the code, and keep it in a heap.';
    const notNode = 'This is not Node: there are no processes, arguments and environment.';

    // By the name that is not defined.
    const names = {
        __proto__: null,
        require: noModules, module: noModules, exports: noModules,
        fetch: noNetwork, XMLHttpRequest: noNetwork, WebSocket: noNetwork, EventSource: noNetwork,
        Request: noNetwork, Response: noNetwork,
        window: noPage, document: noPage, localStorage: noPage, sessionStorage: noPage,
        alert: noPage,
        fs: noFiles, path: noFiles, __dirname: noFiles, __filename: noFiles,
        process: notNode, Deno: notNode, Bun: notNode,
        Buffer: 'For bytes there is Uint8Array, with toBase64, fromBase64, toHex and ' +
            'fromHex, and TextEncoder and TextDecoder.',
        WebAssembly: 'A heap has none, because V8 cannot save it: run it without `heap`.',
        SharedArrayBuffer: 'A heap has none, because V8 cannot save it: run it without `heap`.',
        Atomics: 'A heap has none, because V8 cannot save it: run it without `heap`.',
    };

    const undefinedEnd = ' is not defined';
    const declaredStart = "Identifier '";
    const declaredEnd = "' has already been declared";

    function hintOfSyntax(message) {
        if (stringIncludes(message, 'import') || message === "Unexpected token 'export'") {
            return noModules;
        }
        if (message === 'Illegal return statement') {
            return 'The value of the last expression is the result: leave `return` out, or ' +
                'wrap the code in a function.';
        }
        if (stringStartsWith(message, declaredStart) && stringEndsWith(message, declaredEnd)) {
            return 'A name is declared again only in the way it was: const as const, let as let, ' +
                'class as class, var and function as var or function. Assign to it, or take ' +
                'another name.';
        }
        return '';
    }

    /** What to add to an error's message; '' for most. */
    shared.hintFor = (name, message) => {
        if (name === 'SyntaxError') return hintOfSyntax(message);
        if (name !== 'ReferenceError' || !stringEndsWith(message, undefinedEnd)) return '';
        return names[stringSlice(message, 0, message.length - undefinedEnd.length)] ?? '';
    };
})
